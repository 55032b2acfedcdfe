/** Takes a problem away once its field is changed. */

import { find } from "./page";

export const mended = (): void => {
  for (const field of document.querySelectorAll<HTMLElement>("[aria-invalid=true]")) {
    const mend = (): void => {
      field.removeAttribute("aria-invalid");
      const problem = document.getElementById(`${field.id}-problem`);
      if (problem) problem.hidden = true;
      find(`.summary a[href="#${CSS.escape(field.id)}"]`)
        ?.closest("li")
        ?.remove();
      const summary = find(".summary");
      if (summary && !summary.querySelector("li, p")) summary.remove();
    };
    field.addEventListener("input", mend, { once: true });
  }
};
