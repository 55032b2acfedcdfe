import { _ } from "./gettext";

/** Texts shown after the site's answer or the press of the button. A site may set its own by these names. */
export const laterTexts = {
  department: _("Who should help?"),
  anyone: _("Not sure – anyone can help"),
  check: _("Let me check these details again before the session"),
  required: _("(required)"),
  sending: _("Sending…"),
  missing: _("Please fill this in."),
  mail: _("This does not look like an e-mail address. Please check it, or leave it empty."),
  long: _("{n} too many"),
  sorry: _(
    "We could not take your request just now. Everything you typed is still here: please press the button again in a moment.",
  ),
  talk: _("Prefer to talk?"),
  reference: _("Keep this reference"),
  trust: _("Our technician sees the same reference. Ask for it, and you know that it is us."),
  waiting: _("We have your request"),
  waiting_note: _("We are connecting you. You need not do anything: this page goes on by itself."),
  ready: _("Your session is ready"),
  ready_note: _("Press the button to start it."),
  start: _("Start my session"),
  started: _("Your session has been started"),
  started_note: _("Nothing happened?"),
  again: _("Start it again"),
  parked: _("Sorry, this takes longer than it should"),
  parked_note: _("Your request is safe with us, and our team has been told. You can try again now."),
  retry: _("Try again"),
  ended: _("This request has ended"),
  ended_note: _("Do you still need help? Just ask us again."),
};

export type Texts = typeof laterTexts;
