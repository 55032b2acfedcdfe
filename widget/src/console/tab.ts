/** Values that this tab remembers until it is closed, for the logged-in technician only. */

import { find } from "../pages/page";

const OURS = "handbell-tab ";
const OWNER = `${OURS}owner`;

/** The logged-in technician named by the page; undefined on the log-in's pages. */
export const owner = (page: ParentNode = document): string | undefined =>
  page.querySelector<HTMLElement>(".who")?.title;

const guarded = <T>(act: () => T): T | undefined => {
  try {
    return act();
  } catch {
    return undefined; // the browser stores nothing
  }
};

export const remembered = (name: string): string | undefined =>
  guarded(() => sessionStorage.getItem(OURS + name)) ?? undefined;

export const remember = (name: string, text: string): void => {
  guarded(() => sessionStorage.setItem(OURS + name, text));
};

export const forget = (name: string): void => {
  guarded(() => sessionStorage.removeItem(OURS + name));
};

const forgetAll = (): void => {
  guarded(() => {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith(OURS)) sessionStorage.removeItem(name);
  });
};

/** Forgets the values of another technician, and all values at log-out. */
export const keepToOwner = (): void => {
  const now = owner();
  if (!now) return;
  if (guarded(() => sessionStorage.getItem(OWNER)) !== now) forgetAll();
  guarded(() => sessionStorage.setItem(OWNER, now));
  find("form[action='/console/logout']")?.addEventListener("submit", forgetAll);
};
