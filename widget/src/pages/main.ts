/** The script of every customer page. Each page works without it. */

import { applet } from "./applet";
import { countDown } from "./count";
import { find } from "./page";
import { pressOnce } from "./press-once";
import { status } from "./status";

for (const form of document.forms) pressOnce(form);
for (const field of document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("[data-limit]")) countDown(field);
find("[data-focus]")?.focus();

const main = find("main[data-page]");
if (main?.dataset.page === "status") status(main);
if (main?.dataset.page === "applet") applet(main);
