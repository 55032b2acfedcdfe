/** The status page: starts the session when it is ready, and polls until then. */

import { notify, offerNotice } from "./call";
import { fill, find, say, write } from "./page";
import { poll, rest } from "./poll";

const START_AFTER_MS = 1_000;
const STARTED_AFTER_MS = 1_500;
const SLOWEST_MS = 10_000;
// A helper's name appears within three seconds; the server allows 60 polls a minute.
const HELPER_EVERY_MS = 2_000;

type Answer = { state: string; start: string | null; helper: string | null; opened_at: string | null };

const retitle = (before: string, words: string): void => {
  document.title = document.title.replace(before, words);
};

const showStarted = (main: HTMLElement): void => {
  const after = find("[data-after]");
  if (!after?.hidden) return;
  const before = find("[data-before]");
  const hadFocus = before?.contains(document.activeElement);
  if (before) before.hidden = true;
  after.hidden = false;
  const words = main.dataset.started ?? "";
  retitle(find("h1")?.textContent ?? "", words);
  write(find("h1"), words);
  say(words);
  if (hadFocus) after.querySelector<HTMLElement>("a, button")?.focus();
};

const ready = (main: HTMLElement, go: string): void => {
  // The link may be a download (we stay here) or a page (we leave). Coming back must not start it a second time.
  const starting = (): void => {
    history.replaceState(main.dataset.opened, "");
    setTimeout(() => showStarted(main), STARTED_AFTER_MS);
  };
  for (const link of document.querySelectorAll("[data-start]")) link.addEventListener("click", starting);
  if (history.state === main.dataset.opened) {
    showStarted(main);
  } else if (main.dataset.auto !== undefined) {
    const timer = setTimeout(() => {
      starting();
      location.assign(go + location.hash); // to the call-back, where that was pressed
    }, START_AFTER_MS);
    for (const link of document.querySelectorAll("[data-start]"))
      link.addEventListener("click", () => clearTimeout(timer));
    setTimeout(() => say(main.dataset.starting ?? ""), 100);
  }
};

const tellWhoHelps = (url: string, refresh: string, same: (answer: Answer) => boolean): void => {
  const place = find("#helper");
  const pace = (_asked: number, failed: number): number => Math.min(HELPER_EVERY_MS * 2 ** failed, SLOWEST_MS);
  poll<Answer>(url, pace, (answer) => {
    if (answer && same(answer)) {
      const before = place?.textContent ?? "";
      const words = answer.helper ? fill(place?.dataset.with, answer.helper) : "";
      if (words !== before) {
        const heading = find("h1")?.textContent ?? "";
        retitle(before || heading, words || heading);
        if (words) notify(words);
      }
      write(place, words);
      return true;
    }
    location.replace(refresh);
    return false;
  });
};

export const status = (main: HTMLElement): void => {
  const { state, opened, poll: url, refresh, go } = main.dataset;
  if (state === "ready" && go) ready(main, go);
  if (!url || !refresh) return;
  offerNotice();
  if (state === "waiting" || state === "held" || state === "parked") {
    const pace = (asked: number): number => Math.min(1_000 * 2 ** asked, SLOWEST_MS);
    poll<Answer>(url, pace, (answer) => {
      if (answer?.state === state) return true;
      if (answer?.state === "ready") notify(main.dataset.ready ?? "");
      location.replace(refresh);
      return false;
    });
    return;
  }
  const isOpened = (answer: Answer): boolean => answer.state === "ready" || answer.state === "started";
  const same = (answer: Answer): boolean =>
    opened ? isOpened(answer) && answer.opened_at === opened : answer.state === state;
  if (find("#helper")) tellWhoHelps(url, refresh, same);
  else rest(url, refresh, same);
};
