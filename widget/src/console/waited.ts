/** Updates the waiting times in the queue as time passes; the server writes them once, in the same words. */

import { find, write } from "../pages/page";

const EVERY_MS = 10_000;
const HOUR = 60;
const DAY = 24 * HOUR;

const said = (minutes: number, words: DOMStringMap): string => {
  if (minutes < HOUR) return (words.minutes ?? "").replace("{n}", String(minutes));
  if (minutes >= 2 * DAY) return (words.days ?? "").replace("{n}", String(Math.floor(minutes / DAY)));
  return (words.hours ?? "").replace("{h}", String(Math.floor(minutes / HOUR))).replace("{m}", String(minutes % HOUR));
};

/** Returns a function to call after each renewal of the page. */
export const waited = (): (() => void) => {
  let since = Date.now();
  setInterval(() => {
    const words = find("#rows")?.dataset;
    if (!words) return;
    const passed = (Date.now() - since) / 1000;
    for (const time of document.querySelectorAll<HTMLElement>("time[data-waits]")) {
      write(time, said(Math.floor((Number(time.dataset.waits) + passed) / 60), words));
    }
  }, EVERY_MS);
  return () => {
    since = Date.now();
  };
};
