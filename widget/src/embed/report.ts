import { sleep } from "./call";
import type { Context } from "./types";

const VIOLATIONS_MS = 100; // the browser tells of a blocked call a little later than the call fails

/** Tells the console's page "Check my website", if that opened this window, what the widget sees: the site's answer to
 *  this page, and the policy that blocks it. Only a page of the widget's own server can read it. */
export const report = async ({ server, site, fetch }: Context): Promise<void> => {
  const check = window.name;
  if (!opener || !check.startsWith("handbell-check:")) return;
  let blocked = "";
  let status = 0;
  document.addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) => {
    if (blockedURI.startsWith(server)) blocked = effectiveDirective;
  });
  try {
    status = (await fetch(`${server}/api/v1/sites/${site}`, { credentials: "omit" })).status;
  } catch {
    await sleep(VIOLATIONS_MS);
  }
  opener.postMessage({ check, site, status, blocked }, server);
};
