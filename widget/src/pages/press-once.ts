/** Shows that a form is being sent, and ignores further presses until it is done. Offline, it is sent once the device is
 *  back. */

import { find, say, write } from "./page";

const GIVE_UP_MS = 20_000;

/** Returns what shows "Sending…" already while something else is fetched first. */
export const pressOnce = (form: HTMLFormElement): (() => void) => {
  const button = form.querySelector<HTMLButtonElement>("button[data-busy]");
  if (!button) return () => undefined;
  const words = button.textContent ?? "";
  const offline = button.dataset.offline;
  let busy = false;
  let waits = false;
  let timer = 0;

  const show = (): void => {
    clearTimeout(timer);
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy ?? words;
    say(button.textContent);
    timer = setTimeout(rest, GIVE_UP_MS);
  };

  const rest = (): void => {
    clearTimeout(timer);
    busy = false;
    button.textContent = words;
    button.removeAttribute("aria-disabled");
  };

  /** Says that the device is offline, and sends by itself when it is back. */
  const wait = (): void => {
    const note = find("#offline") ?? document.createElement("p");
    note.id = "offline";
    note.className = "notice";
    note.setAttribute("role", "status");
    write(note, offline ?? "");
    button.after(note);
    if (waits) return;
    waits = true;
    addEventListener(
      "online",
      () => {
        waits = false;
        note.remove();
        form.requestSubmit();
      },
      { once: true },
    );
  };

  form.addEventListener("submit", (event) => {
    if (offline && !navigator.onLine) {
      event.preventDefault();
      event.stopImmediatePropagation();
      wait();
    } else if (busy) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  });
  // Last, so that nobody else holds the form back any more.
  addEventListener("submit", (event) => {
    if (event.target !== form || event.defaultPrevented) return;
    busy = true;
    show();
  });
  // The back button restores the page as it was left.
  addEventListener("pageshow", rest);
  form.addEventListener("sending", show);
  form.addEventListener("stopped", rest);
  return show;
};
