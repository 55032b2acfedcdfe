/** Updates the Embed page while typing: fetches the result of the choices and replaces the shown one. */

import { find } from "../pages/page";
import { copyButtons } from "./copy";

const PAUSE_MS = 300;

export const liveEmbed = (form: HTMLFormElement): void => {
  const button = form.querySelector<HTMLButtonElement>("button");
  let timer = 0;
  let asked: XMLHttpRequest | undefined;

  const show = (page: Document | null): void => {
    const taken = page?.querySelector("#taken");
    const preview = page?.querySelector<HTMLIFrameElement>("#preview");
    const here = find("#taken");
    const wrong = page?.querySelector("#left-out");
    // Another page came, the log-in or an error: sending the form shows it.
    if (!taken || !preview || !here || !wrong) {
      form.submit();
      return;
    }
    const open = [...here.querySelectorAll("details")].map((part) => part.open);
    here.replaceWith(taken);
    taken.querySelectorAll("details").forEach((part, at) => {
      part.open = open[at] ?? false;
    });
    copyButtons(taken);
    find("#left-out")?.replaceChildren(...wrong.childNodes);
    // Setting `src` would add a step for the back button.
    (find("#preview") as HTMLIFrameElement | null)?.contentWindow?.location.replace(preview.src);
    const link = find("#preview-link") as HTMLAnchorElement | null;
    if (link) link.href = preview.src;
  };

  const ask = (): void => {
    const chosen = [...new FormData(form)].filter(([, value]) => value) as [string, string][];
    const address = `${form.action}?${new URLSearchParams(chosen)}`;
    asked?.abort();
    asked = new XMLHttpRequest();
    asked.open("GET", address);
    asked.responseType = "document"; // scripts in it do not run
    asked.onload = () => {
      history.replaceState(null, "", address);
      show(asked?.responseXML ?? null);
    };
    asked.onerror = () => {
      if (button) button.hidden = false;
    };
    asked.send();
  };

  if (button) button.hidden = true;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
};
