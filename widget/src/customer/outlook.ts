/** Whether somebody is there, and when it opens: taken from the page anew when that has changed. */

import { onOwnClock } from "../pages/own-clock";
import { find } from "../pages/page";

let asked = "";

/** Shows the page's own part as the server makes it now, unless the customer is in it. */
export const outlook = (base: string, key: string): void => {
  const part = find("#outlook");
  if (!part || part.dataset.key === key || asked === key || part.contains(document.activeElement)) return;
  asked = key;
  const call = new XMLHttpRequest();
  call.responseType = "document"; // scripts in it do not run
  call.onloadend = () => {
    asked = "";
    const fresh = (call.response as Document | null)?.querySelector<HTMLElement>("#outlook");
    if (!fresh || part.contains(document.activeElement)) return;
    for (const moment of fresh.querySelectorAll<HTMLTimeElement>("time[data-local]")) onOwnClock(moment);
    part.dataset.key = fresh.dataset.key;
    part.replaceChildren(...fresh.childNodes);
  };
  call.open("GET", base);
  call.send();
};
