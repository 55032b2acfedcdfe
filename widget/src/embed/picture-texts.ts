import { _ } from "./gettext";

/** Texts about pictures that are added to a recorded request. */
export const pictureTexts = {
  hint: _("Choose, paste or drop pictures: {n} at the most, 8 MB each. Please hide what nobody should see."),
  capture: _("Take a picture of a window"),
  none: _("No picture was taken. Please try again, or choose one."),
  sending: _("Sending…"),
  added: _("The picture is added."),
  large: _("This picture is too large: 8 MB is the most."),
  failed: _("This picture could not be sent. Please try again."),
  again: _("Try again"),
  board: _("Mark what matters, hide what is private"),
  draw: _(
    "Draw with the mouse or a finger. With keys: the arrow keys move the mark, Enter sets where it begins and where it ends.",
  ),
  arrow: _("Arrow"),
  blur: _("Blur"),
  undo: _("Undo"),
  done: _("Add this picture"),
  cancel: _("Cancel"),
};
