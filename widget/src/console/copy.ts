/** Buttons that copy a text to the clipboard. */

import { find } from "../pages/page";

const SHOWN_MS = 2_000;

const copyButton = (button: HTMLButtonElement): void => {
  const source = find(`#${button.dataset.copy}`);
  if (!source || !navigator.clipboard || button.dataset.own) return;
  const words = button.textContent;
  button.hidden = false;
  button.dataset.own = "hidden";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent ?? "");
    button.textContent = button.dataset.copied ?? words;
    setTimeout(() => {
      button.textContent = words;
    }, SHOWN_MS);
  });
};

/** Activates the copy buttons in a part of the page. */
export const copyButtons = (part: ParentNode): void => {
  for (const button of part.querySelectorAll<HTMLButtonElement>("button[data-copy]")) copyButton(button);
};
