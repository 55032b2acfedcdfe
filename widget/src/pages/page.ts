/** Small things every page script needs. */

export const find = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);

/** Tells people who use a screen reader, without moving them. */
export const say = (text: string): void => {
  const voice = find("#say");
  if (voice) voice.textContent = text;
};

/** Sets an element's text only when it differs, so that a live region speaks only of changes. */
export const write = (element: HTMLElement | null, text: string): void => {
  if (element && element.textContent !== text) element.textContent = text;
};

/** Fills `{name}` in a translated sentence. */
export const fill = (sentence: string | undefined, value: string): string =>
  (sentence ?? "").replace(/\{\w+\}/, () => value);

/** A number as this page's language writes it. */
export const written = (n: number): string => n.toLocaleString(document.documentElement.lang || "en");
