import { _ } from "./gettext";

/** Texts about a recorded request. A site may set its own by these names. */
export const waitTexts = {
  trust: _("Our technician sees the same reference. Ask for it, and you know that it is us."),
  waiting_note: _("We are connecting you. You need not do anything: this page goes on by itself."),
  held: _("One more step"),
  held_note: _("Your request is kept, and goes on as soon as we know that a person sent it."),
  person: _("I am a person"),
  ready: _("Your session is ready"),
  ready_note: _("Press the button to start it."),
  start: _("Start my session"),
  started: _("Your session has been started"),
  started_note: _("Nothing happened?"),
  again: _("Start it again"),
  parked: _("Sorry, this takes longer than it should"),
  parked_note: _("Your request is safe with us. You can try again now."),
  retry: _("Try again"),
  ended: _("This request has ended"),
  ended_note: _("Do you still need help? Just ask us again."),
};
