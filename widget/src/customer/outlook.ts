/** Whether somebody is there, and when it opens: taken from the page anew when that has changed. */

import { onOwnClock } from "../pages/own-clock";
import { find, language } from "../pages/page";

const WRITTEN: Intl.DateTimeFormatOptions = {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
};
let asked: string | null = null;

/** Shows times on the clock of the customer's own device. */
export const onOwnClocks = (part: ParentNode): void => {
  for (const moment of part.querySelectorAll<HTMLTimeElement>("time[data-local]")) onOwnClock(moment);
  for (const span of part.querySelectorAll<HTMLElement>("[data-begin][data-end]")) {
    const format = new Intl.DateTimeFormat(language(), WRITTEN); // milliseconds: only where needed
    span.textContent = format.formatRange(new Date(span.dataset.begin ?? 0), new Date(span.dataset.end ?? 0));
  }
  for (const zone of part.querySelectorAll<HTMLElement>("[data-zone]")) zone.hidden = true;
};

/** Shows the page's own part as the server makes it now, unless the customer is in it. */
export const outlook = (base: string, key: string): void => {
  const part = find("#outlook");
  if (!part || part.dataset.key === key || asked === key || part.contains(document.activeElement)) return;
  asked = key;
  const call = new XMLHttpRequest();
  call.responseType = "document"; // scripts in it do not run
  call.onloadend = () => {
    asked = null;
    const fresh = (call.response as Document | null)?.querySelector<HTMLElement>("#outlook");
    if (!fresh || part.contains(document.activeElement)) return;
    onOwnClocks(fresh);
    part.dataset.key = fresh.dataset.key;
    part.replaceChildren(...fresh.childNodes);
  };
  call.open("GET", base);
  call.send();
};
