/** The console's script; each page works without it. */

import { find } from "../pages/page";
import { pressOnce } from "../pages/press-once";
import { bell } from "./bell";
import { colourPickers } from "./colour";
import { copyButtons } from "./copy";
import { drafts } from "./drafts";
import { liveEmbed } from "./embed";
import { keys } from "./keys";
import { live } from "./live";
import { queuePlace } from "./queue-place";
import { listen, type Stream } from "./stream";
import { keepToOwner } from "./tab";
import { waited } from "./waited";

const { address } = document.body.dataset;
if (address) history.replaceState(history.state, "", address);
keepToOwner();
const rescueDrafts = drafts();
queuePlace();
copyButtons(document);
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-once]")) pressOnce(form);
const embed = find("form[data-embed]") as HTMLFormElement | null;
if (embed) liveEmbed(embed);
colourPickers();
find("[data-focus]")?.focus();
for (const current of document.querySelectorAll(":is(.places, .tabs) [aria-current]")) {
  current.scrollIntoView({ block: "nearest", inline: "nearest" });
}
keys();
const renewTimes = find("#rows") ? waited() : undefined;
// One stream for the page; its tabs share it.
let stream: Stream = { open: () => false, leads: () => false };
const rings = bell(() => stream);
const page = live(
  () => {
    copyButtons(document);
    rescueDrafts();
    renewTimes?.();
    rings?.renewed();
  },
  () => stream,
);
if (rings || page) {
  stream = listen(
    () => {
      page?.changed();
      rings?.changed();
    },
    (ticket) => {
      page?.news(ticket);
      rings?.changed();
    },
  );
}
