import { _ } from "./gettext";

/** Texts shown after the site's answer or the press of the button. A site may set its own by these names. */
export const laterTexts = {
  hint: _("What did you want to do, and what happened? Please leave out passwords."),
  department: _("Who should help?"),
  anyone: _("Not sure – anyone can help"),
  check: _("Let me check these details again before the session"),
  required: _("(required)"),
  optional: _("(optional)"),
  sending: _("Sending…"),
  offline: _("You are offline. Everything is kept, and sent by itself as soon as you are back."),
  missing: _("Please fill this in."),
  mail: _("This does not look like an e-mail address. Please check it, or leave it empty."),
  long: _("{n} too many"),
  sorry: _(
    "We could not take your request just now. Everything you typed is still here: please press the button again in a moment.",
  ),
  talk: _("Prefer to talk?"),
  reference: _("Keep this reference"),
  waiting: _("We have your request"),
};

export type Texts = typeof laterTexts;
