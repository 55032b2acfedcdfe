import { sleep } from "./call";
import { make } from "./make";

/** The address and the integrity of the file with the wait; empty in the package, whose bundler finds it. */
declare const WAIT: string;
declare const WAIT_SUM: string;

const SLOWEST_MS = 30_000;

/** Fetches what shows a recorded request, as often as it takes. */
export const waitFile = async (server: string): Promise<typeof import("./wait")> => {
  if (!WAIT) return import("./wait");
  for (let tried = 0; ; tried++) {
    const href = `${server}${WAIT}#${tried}`; // browsers remember a failed module by its address
    const pin = isPinned(server) && make("link", { rel: "modulepreload", href, integrity: WAIT_SUM, crossOrigin: "" });
    if (pin) document.head.append(pin);
    try {
      return await import(href);
    } catch {
      await sleep(Math.min(1_000 * 2 ** tried, SLOWEST_MS));
    } finally {
      if (pin) pin.remove();
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
