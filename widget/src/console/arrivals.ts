/** Signals a request that appears in the shown queue: by a sound, a notification, and to screen readers. */

import { ring, wake } from "../live/sound";
import { fill, find, say, written } from "../pages/page";
import { isOn, keep, useSwitch } from "./switches";

/** Enables sound where the technician wants it. */
const enable = (): void => {
  if (isOn("sound")) wake();
};

const notify = (input: HTMLInputElement | null, row: HTMLElement): void => {
  if (!isOn("notify") || !("Notification" in window) || Notification.permission !== "granted" || document.hasFocus())
    return;
  const reference = row.dataset.reference ?? "";
  try {
    // Only the reference, as notifications appear on locked screens.
    const shown = new Notification(input?.dataset.title ?? "", { body: reference, tag: `handbell-${reference}` });
    shown.onclick = () => {
      focus();
      shown.close();
    };
  } catch {
    // Some phones show no notifications of pages.
  }
};

const ask = async (input: HTMLInputElement, on: boolean): Promise<void> => {
  if (!on || !("Notification" in window)) return;
  if (Notification.permission === "default") await Notification.requestPermission();
  if (Notification.permission === "granted") return;
  keep("notify", false);
  say(input.dataset.blocked ?? "");
  input.title = input.dataset.blocked ?? "";
};

const waitingRows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-arrivals] [data-row]")];
const numberOf = (row: HTMLElement): number => Number(row.dataset.row);

/** Lines of customers that nobody has read, in all sessions of this technician. */
const unreadNow = (): number => Number(find("#rows")?.dataset.unread ?? 0);

/** Whether the oldest ticket comes first, as where all that one may take is listed. */
const oldestFirst = (): boolean => find("[data-arrivals]")?.dataset.arrivals === "oldest";
const lastOf = (rows: HTMLElement[]): number =>
  oldestFirst() ? Math.max(...rows.map(numberOf)) : Math.min(...rows.map(numberOf));
const isBeyond = (number: number, last: number): boolean => (oldestFirst() ? number > last : number < last);

/** Returns a function to call after each renewal of the page. */
export const arrivals = (): (() => void) => {
  const input = document.querySelector<HTMLInputElement>("input[data-switch='notify']");
  useSwitch("sound", enable);
  useSwitch("notify", (on) => {
    if (input) void ask(input, on);
  });
  if (input?.checked && (!("Notification" in window) || Notification.permission !== "granted")) input.checked = false;
  for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, enable, { passive: true });
  const switches = find("[data-switches]");
  if (switches) switches.hidden = false;

  const isFull = (): boolean => Boolean(find("[data-arrivals] .more"));
  const seen = new Set(waitingRows().map(numberOf));
  let full = isFull();
  let last = lastOf(waitingRows());
  let unread = unreadNow();
  return () => {
    const before = unread;
    unread = unreadNow();
    if (unread > before) {
      say("");
      say(fill(find("#rows")?.dataset.messages, written(unread)));
      if (isOn("sound")) ring();
    }
    const place = find("[data-arrivals]");
    const rows = waitingRows();
    // A row that moves up from the next page, because another one left, is not new.
    const fresh = rows.filter((row) => !seen.has(numberOf(row)) && !(full && isBeyond(numberOf(row), last)));
    for (const row of rows) seen.add(numberOf(row));
    full = isFull();
    last = lastOf(rows);
    if (!place || !fresh.length) return;
    say("");
    say(fresh.length === 1 ? (place.dataset.one ?? "") : fill(place.dataset.many, written(fresh.length)));
    if (isOn("sound")) ring();
    for (const row of fresh) notify(input, row);
  };
};
