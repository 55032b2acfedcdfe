/** The script of an open session on the embedded desk: the place in line, the conversation, the screen, the voice, and the download of the operator's program. */

import { find } from "../pages/page";
import { onOwnClocks } from "./outlook";
import { session } from "./session";

const main = find("main[data-page='applet']");
const { base, home, begin } = main?.dataset ?? {};
onOwnClocks(document);
if (main && base) session(main, base);
// The operator's program is a download, so the page stays. A reload does not begin it again.
if (begin) {
  history.replaceState(null, "", home);
  location.assign(begin);
}
