/** Shows that a form is being sent, and ignores further presses until it is done. */

import { say } from "./page";

const GIVE_UP_MS = 20_000;

export const pressOnce = (form: HTMLFormElement): void => {
  const button = form.querySelector<HTMLButtonElement>("button[data-busy]");
  if (!button) return;
  const words = button.textContent ?? "";
  let busy = false;
  let timer = 0;

  const rest = (): void => {
    clearTimeout(timer);
    busy = false;
    button.textContent = words;
    button.removeAttribute("aria-disabled");
  };

  form.addEventListener("submit", (event) => {
    if (busy) {
      event.preventDefault();
      return;
    }
    busy = true;
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy ?? words;
    say(button.textContent);
    timer = setTimeout(rest, GIVE_UP_MS);
  });
  // The back button restores the page as it was left.
  addEventListener("pageshow", rest);
};
