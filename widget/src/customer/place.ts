/** The place in line, and who helps. */

import type { State } from "../live/wire";
import { fill, find, hide, write, written } from "../pages/page";

const placeText = (main: HTMLElement, place: number): string | undefined => {
  if (place === 1) return main.dataset.next;
  return place > 99 ? main.dataset.many : written(place);
};

/** Nobody is there, or a call-back was promised. */
const NOBODY = /^(closed|nobody)|\d{12}/;

/** Shows what has changed, and never changes what the customer types. */
export const place = (main: HTMLElement, { ticket, place: at, helper, queue_label, outlook }: State): void => {
  const { dataset } = main;
  const active = ticket === "active";
  hide("#place", active || !at);
  // Only when it changes: the first number takes a browser tens of milliseconds.
  if (at && dataset.at !== `${at}`) write(find("#place .big"), placeText(main, at));
  dataset.at = `${at}`;
  if (ticket !== dataset.state) {
    const heading = find("#heading");
    const words = (active ? dataset.active : dataset.waiting) ?? "";
    document.title = document.title.replace(heading?.textContent ?? "", words);
    write(heading, words);
    dataset.state = ticket;
  }
  hide("#stay", active || NOBODY.test(outlook ?? ""));
  hide("#cancelling", active);
  hide("#ending", !active);
  const joined = helper ? fill(dataset.with, helper) : dataset.joined;
  write(find("#now"), active ? joined : fill(dataset.for, queue_label ?? ""));
};
