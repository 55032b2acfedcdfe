/** The console's script. Each page works without it. */

import { find } from "../pages/page";
import { pressOnce } from "../pages/press-once";
import { copyButtons } from "./copy";
import { liveEmbed } from "./embed";

copyButtons(document);
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-once]")) pressOnce(form);
const live = find("form[data-live]") as HTMLFormElement | null;
if (live) liveEmbed(live);
find("[data-focus]")?.focus();
