/** The console's script. Each page works without it. */

import { find } from "../pages/page";
import { copyButton } from "./copy";

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) copyButton(button);
find("[data-focus]")?.focus();
