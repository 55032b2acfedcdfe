/** Counts down to a field's limit in the way the server counts: code points, a line break is one. */

import { fill, say, written } from "./page";

const QUIET_MS = 900;
const SPEAK_FROM = 64;

export const countDown = (field: HTMLInputElement | HTMLTextAreaElement): void => {
  const counter = document.getElementById(`${field.id}-count`);
  const limit = Number(field.dataset.limit);
  if (!counter || !limit) return;
  const near = Number(counter.dataset.near ?? limit);
  const speakFrom = Math.min(near, SPEAK_FROM);
  let timer = 0;

  const show = (): number => {
    const left = limit - [...field.value].length;
    const over = left < 0;
    counter.hidden = left > near;
    if (counter.hidden) return left; // the first number takes a browser tens of milliseconds
    counter.textContent = fill(over ? counter.dataset.over : counter.dataset.left, written(Math.abs(left)));
    counter.classList.toggle("over", over);
    return left;
  };

  field.addEventListener("input", () => {
    const left = show();
    clearTimeout(timer);
    if (left <= speakFrom) timer = setTimeout(() => say(counter.textContent ?? ""), QUIET_MS);
  });
  // Browsers refill fields after the back button without an input event.
  addEventListener("pageshow", show);
  show();
};
