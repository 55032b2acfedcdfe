import { _ } from "./gettext";

/** Texts shown at once. A site may set its own by these names. */
export const texts = {
  title: _("Get support"),
  name: _("Your name"),
  email: _("Your e-mail"),
  number: _("Customer number"),
  problem: _("Problem"),
  close: _("Close"),
  page: _("Continue on our support page"),
  sending: _("Sending…"),
  failed: _("Something went wrong"),
};
