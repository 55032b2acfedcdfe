/** Keeps what somebody has begun to write until it is sent and taken: neither a log-in nor another page loses it.
 *
 * A field with `data-draft` is remembered by its form's address, in this tab alone.
 */

import { forget, owner, remember, remembered } from "./tab";

const SENT = "sent";

const nameOf = (form: HTMLFormElement): string => `draft ${form.getAttribute("action")}`;
const draftIn = (form: ParentNode): HTMLTextAreaElement | null => form.querySelector("textarea[data-draft]");

export const drafts = (): void => {
  // The log-in comes between when a session has ended: what was sent was not taken.
  const sent = owner() ? remembered(SENT) : undefined;
  forget(SENT);
  const forms = [...document.forms].filter(draftIn);
  // Taken, or shown by the page in another place as this form is not there any more.
  if (sent && (document.querySelector("p.saying") || !forms.some((form) => nameOf(form) === sent))) forget(sent);
  for (const form of forms) {
    const field = draftIn(form);
    if (!field) continue;
    const keep = (): void => {
      if (field.value.trim()) remember(nameOf(form), field.value);
      else forget(nameOf(form));
    };
    field.value ||= remembered(nameOf(form)) ?? "";
    keep();
    field.addEventListener("input", keep);
  }
  addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (draftIn(form)) remember(SENT, nameOf(form));
    else forget(SENT);
  });
};
