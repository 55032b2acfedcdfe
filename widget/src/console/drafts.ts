/** Keeps a begun text until it is sent and accepted, through log-ins and visits of other pages.
 *
 * A field with `data-draft` is remembered under its form's address, in this tab only.
 */

import { forget, owner, remember, remembered } from "./tab";

const SENT = "sent";

const nameOf = (form: HTMLFormElement): string => `draft ${form.getAttribute("action")}`;
const draftIn = (form: ParentNode): HTMLTextAreaElement | null => form.querySelector("textarea[data-draft]");

export const drafts = (): void => {
  // If the log-in appeared because the session had ended, the sent text was not accepted.
  const sent = owner() ? remembered(SENT) : undefined;
  forget(SENT);
  const forms = [...document.forms].filter(draftIn);
  // Accepted, or shown elsewhere on the page, as this form does not exist any more.
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
