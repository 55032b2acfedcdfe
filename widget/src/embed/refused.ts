import type { Context } from "./types";

/** Looks why the site's settings do not come. Where the server refuses this page, as its origin is not listed or the
 *  site's name is wrong, the page's owner is told in the console what to do; the customer has the way out at once. */
export const isRefused = async (form: HTMLFormElement, context: Context): Promise<boolean> => {
  if (!context.refused) {
    const { server, site, fetch } = context;
    try {
      const { error } = await (await fetch(`${server}/api/v1/sites/${site}`, { credentials: "omit" })).json();
      if (error.status === 403 || error.status === 404) {
        context.refused = true;
        console.warn(`Handbell on ${location.origin}: ${error.message}`);
        (form.lastElementChild as HTMLElement).hidden = false;
      }
    } catch {}
  }
  return !!context.refused;
};
