/** Helpers for all page scripts. */

export const find = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);

export const hide = (selector: string, hidden: boolean): void => {
  const element = find(selector);
  if (element) element.hidden = hidden;
};

/** Announces a text to screen readers, without moving the focus. */
export const say = (text: string): void => {
  const voice = find("#say");
  if (voice) voice.textContent = text;
};

/** Sets an element's text only when it differs, so that a live region announces only changes. */
export const write = (element: HTMLElement | null, text = ""): void => {
  if (element && element.textContent !== text) element.textContent = text;
};

/** Fills `{name}` in a translated sentence. */
export const fill = (sentence: string | null | undefined, value: string): string =>
  (sentence ?? "").replace(/\{\w+\}/, () => value);

export const language = (): string => document.documentElement.lang || "en";

/** A number in the format of this page's language. */
export const written = (n: number): string => n.toLocaleString(language());
