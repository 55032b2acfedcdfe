/** Keeps a begun text until it is sent and accepted, through log-ins and visits of other pages.
 *
 * A field with `data-draft` is remembered under its form's address, in this tab only.
 */

import { forget, owner, remember, remembered } from "./tab";

const SENT = "sent";

const nameOf = (form: HTMLFormElement): string => `draft ${form.getAttribute("action")}`;
const draftIn = (form: ParentNode): HTMLTextAreaElement | null => form.querySelector("textarea[data-draft]");

const NOTE = "form[action$='/note'] textarea";

/** Returns a function to call after each renewal of the page: a text whose form is gone then, as a colleague or the
 * customer has ended the ticket, becomes a note that is not saved yet. */
export const drafts = (): (() => void) => {
  // If the log-in appeared because the session had ended, the sent text was not accepted.
  const sent = owner() ? remembered(SENT) : undefined;
  forget(SENT);
  let forms = [...document.forms].filter(draftIn);
  // Accepted, or shown elsewhere on the page, as this form does not exist any more.
  if (sent && (document.querySelector("p.saying") || !forms.some((form) => nameOf(form) === sent))) forget(sent);
  const known = new WeakSet<HTMLFormElement>();
  const watch = (form: HTMLFormElement): void => {
    const field = draftIn(form);
    if (!field || known.has(form)) return;
    known.add(form);
    const keep = (): void => {
      if (field.value.trim()) remember(nameOf(form), field.value);
      else forget(nameOf(form));
    };
    field.value ||= remembered(nameOf(form)) ?? "";
    keep();
    field.addEventListener("input", keep);
  };
  forms.forEach(watch);
  addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (draftIn(form)) remember(SENT, nameOf(form));
    else forget(SENT);
  });
  return () => {
    for (const form of forms) {
      const left = form.isConnected ? "" : (draftIn(form)?.value.trim() ?? "");
      const note = left ? document.querySelector<HTMLTextAreaElement>(NOTE) : null;
      if (!note) continue;
      forget(nameOf(form));
      note.value = [note.value.trim(), left].filter(Boolean).join("\n");
      note.dispatchEvent(new Event("input"));
    }
    forms = [...document.forms].filter(draftIn);
    forms.forEach(watch);
  };
};
