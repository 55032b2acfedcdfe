/** Calls a customer whose page is in the background when somebody comes: by its title, and by a notification of the
 *  browser where they want one. */

import { find } from "./page";

const WANTED = "handbell-notify";

/** A notification with these words, if the customer wants one and does not look at the page. */
export const notify = (words: string): void => {
  const input = find("#notify") as HTMLInputElement | null;
  if (!input?.checked || (!document.hidden && document.hasFocus())) return;
  try {
    const shown = new Notification(words, { tag: WANTED });
    shown.onclick = () => {
      focus();
      shown.close();
    };
  } catch {
    // Some phones show no notifications of pages.
  }
};

const granted = (): boolean => Notification.permission === "granted";

const keep = (on: boolean): void => {
  try {
    localStorage.setItem(WANTED, on ? "1" : "");
  } catch {
    // It is on in this page only.
  }
};

/** Offers the notification, where this browser has any and does not refuse them. */
export const offerNotice = (): void => {
  const input = find("#notify") as HTMLInputElement | null;
  const label = input?.closest("label");
  if (!input || !label || !("Notification" in window) || Notification.permission === "denied" || !isSecureContext)
    return;
  label.hidden = false;
  try {
    input.checked = granted() && localStorage.getItem(WANTED) === "1";
  } catch {
    // The browser stores nothing.
  }
  input.addEventListener("change", async () => {
    if (input.checked && !granted()) await Notification.requestPermission();
    input.checked &&= granted();
    keep(input.checked);
  });
};
