/** The script of a request's status page. */

import { find } from "./page";
import { status } from "./status";

const main = find("main[data-page=status]");
if (main) status(main);
