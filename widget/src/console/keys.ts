/** Control by keyboard: j k move through rows, c claims, / searches, ? shows the keys.
 *
 * The key of an element's `data-key` presses the element, or focuses it if it is a field; inside a row (`data-row`) it
 * works only for that row. Keys do nothing while the user types.
 */

import { isOn, useSwitch } from "./switches";

const TYPED_IN =
  "input:not([type='checkbox'], [type='radio'], [type='submit'], [type='button']), textarea, select, [contenteditable]";

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-row]")];
const isField = (target: EventTarget | null): boolean => target instanceof Element && target.matches(TYPED_IN);

let last = -1;

/** The row with the focus, or -1. */
const current = (): number => rows().findIndex((row) => row.contains(document.activeElement));

const move = (by: 1 | -1): void => {
  const all = rows();
  const at = current();
  const from = at >= 0 ? at : Math.min(last, all.length - 1);
  const to = Math.max(0, Math.min(all.length - 1, at < 0 && last >= 0 ? from : from + by));
  last = to;
  const way = all[to]?.querySelector<HTMLElement>("a[href]");
  way?.focus();
  all[to]?.scrollIntoView({ block: "nearest" });
};

const pressed = (key: string): HTMLElement | undefined => {
  const wanted = [...document.querySelectorAll<HTMLElement>("[data-key]")].filter((one) => one.dataset.key === key);
  const row = rows()[current()];
  return wanted.find((one) => row?.contains(one)) ?? wanted.find((one) => !one.closest("[data-row]"));
};

const press = (key: string): boolean => {
  const element = pressed(key);
  if (!element) return false;
  if (isField(element)) {
    element.focus();
    if (element instanceof HTMLInputElement) element.select();
  } else {
    element.click();
  }
  return true;
};

export const keys = (): void => {
  const help = document.querySelector<HTMLDialogElement>("dialog#keys");
  if (!help) return;
  useSwitch("keys");
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-keys]")) {
    button.addEventListener("click", () => help.showModal());
  }
  addEventListener("keydown", (event) => {
    const { key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (help.open || isField(event.target) || !isOn("keys")) return;
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "?") help.showModal();
    else if (event.repeat || !press(key)) return;
    event.preventDefault();
  });
};
