import { sleep } from "./call";
import { make } from "./make";

const MOST_DOUBLINGS = 5; // of the pause of a second

/** Fetches a module at this path of our server, as often as it takes, pinned where the page pins ours. */
export const fetched = async <Module>(server: string, path: string, integrity: string): Promise<Module> => {
  for (let tried = 0; ; tried++) {
    const href = `${server}${path}#${tried}`; // browsers remember a failed module by its address
    const pin = make("link", { rel: "modulepreload", href, integrity, crossOrigin: "" });
    if (isPinned(server)) document.head.append(pin);
    try {
      return await import(href);
    } catch {
      await sleep(1_000 * 2 ** Math.min(tried, MOST_DOUBLINGS));
    } finally {
      pin.remove();
    }
  }
};

/** Whether the page pins the content of our script: then this file's content is pinned too. */
const isPinned = (server: string): boolean => {
  try {
    const scripts = [...document.querySelectorAll<HTMLScriptElement>("script[integrity]")];
    return scripts.some(({ src }) => src.startsWith(`${server}/widget/`));
  } catch {
    return true; // the page has changed what this needs
  }
};
