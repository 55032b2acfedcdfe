/** The script of all customer pages, each of which works without it. */

import { check } from "./check";
import { countDown } from "./count";
import { fromAddress } from "./from-address";
import { mended } from "./mended";
import { onOwnClock } from "./own-clock";
import { find } from "./page";
import { pressOnce } from "./press-once";
import { vendor } from "./vendor";

for (const form of document.forms) {
  fromAddress(form);
  check(form, pressOnce(form));
  if (form.dataset.auto !== undefined) form.requestSubmit();
}
for (const field of document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("[data-limit]")) countDown(field);
for (const moment of document.querySelectorAll<HTMLTimeElement>("time[data-local]")) onOwnClock(moment);
mended();
find("[data-focus]")?.focus();

const toVendor = document.querySelector<HTMLFormElement>("form[data-auto-post]");
if (toVendor) vendor(toVendor);
