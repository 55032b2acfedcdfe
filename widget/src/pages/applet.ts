/** The embedded desk's applet: updates the place in the queue, and never changes what the customer types. */

import { fill, find, write, written } from "./page";
import { poll, rest } from "./poll";

// A helper's name appears within three seconds; the server allows 60 polls a minute.
const EVERY_MS = 2_000;
const SLOWEST_MS = 10_000;

type Answer = { state: string; place: number | null; helper: string | null; queue_label: string };

const placeText = (main: HTMLElement, place: number): string => {
  if (place === 1) return main.dataset.next ?? "";
  return place > 99 ? (main.dataset.many ?? "") : written(place);
};

const show = (main: HTMLElement, { state, place, helper, queue_label }: Answer): void => {
  const { dataset } = main;
  const active = state === "active";
  const tile = find("#place");
  if (tile) {
    tile.hidden = active || !place;
    if (place) write(tile.querySelector(".big"), placeText(main, place));
  }
  if (state !== dataset.state) {
    const heading = find("#heading");
    const words = (active ? dataset.active : dataset.waiting) ?? "";
    document.title = document.title.replace(heading?.textContent ?? "", words);
    write(heading, words);
    dataset.state = state;
  }
  const stay = find("#stay");
  if (stay) stay.hidden = active;
  const joined = helper ? fill(dataset.with, helper) : (dataset.joined ?? "");
  write(find("#now"), active ? joined : fill(dataset.for, queue_label));
};

export const applet = (main: HTMLElement): void => {
  const { poll: url, refresh, state } = main.dataset;
  if (!url || !refresh || !state) return;
  if (state !== "waiting" && state !== "active") {
    rest<Answer>(url, refresh, (answer) => answer.state === state);
    return;
  }
  const pace = (_asked: number, failed: number): number => Math.min(EVERY_MS * 2 ** failed, SLOWEST_MS);
  poll<Answer>(url, pace, (answer) => {
    if (answer?.state === "waiting" || answer?.state === "active") {
      show(main, answer);
      return true;
    }
    location.replace(refresh);
    return false;
  });
};
