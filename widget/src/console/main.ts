/** The console's script. Each page works without it. */

import { find } from "../pages/page";
import { arrivals } from "./arrivals";
import { copyButton } from "./copy";
import { keys } from "./keys";
import { live } from "./live";

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) copyButton(button);
find("[data-focus]")?.focus();
keys();
live(find("#rows") ? arrivals() : () => undefined);
