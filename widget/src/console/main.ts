/** The console's script. Each page works without it. */

import { find } from "../pages/page";
import { pressOnce } from "../pages/press-once";
import { arrivals } from "./arrivals";
import { copyButtons } from "./copy";
import { liveEmbed } from "./embed";
import { keys } from "./keys";
import { live } from "./live";
import { waited } from "./waited";

copyButtons(document);
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-once]")) pressOnce(form);
const embed = find("form[data-embed]") as HTMLFormElement | null;
if (embed) liveEmbed(embed);
find("[data-focus]")?.focus();
for (const current of document.querySelectorAll(":is(.places, .tabs) [aria-current]")) {
  current.scrollIntoView({ block: "nearest", inline: "nearest" });
}
keys();
const renewed = find("#rows") ? [arrivals(), waited()] : [];
live(() => {
  for (const heard of renewed) heard();
});
