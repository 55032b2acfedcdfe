/** The script of an open session on the embedded desk: the place in line, the conversation, the screen, the voice. */

import { find } from "../pages/page";
import { session } from "./session";

const main = find("main[data-page='applet']");
const base = main?.dataset.base;
if (main && base) session(main, base);
