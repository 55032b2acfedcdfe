/** The script of a ticket's page: the conversation, the customer's screen, the voice. All other pages do without it. */

import { find } from "../pages/page";
import { session } from "./session";

const part = find("#talk[data-base]");
if (part) session(part);
