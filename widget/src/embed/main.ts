/** What a page's `<script src="…/widget.js">` runs. */

import { givenBy } from "./known";
import { make } from "./make";
import { begin } from "./start";
import type { Handbell } from "./types";

/** This build's language, and the address and integrity of what comes later. */
declare const LANG: string;
declare const LATER: string;
declare const SUM: string;

type Call = [name: keyof Handbell, ...args: unknown[]];
type Global = Handbell & { push(call: Call): void };
/** Before the script has arrived, `Handbell` may be a list of calls to be made then: `[["open"]]`. */
const page = window as { Handbell?: Global | Call[] };

// A module (which currentScript does not know) is this file again, in the language that the page has asked for.
const script = document.currentScript;
const own = (script ?? document.querySelector("script[src*='/widget']")) as HTMLScriptElement;
const { dataset, src } = own;
const { origin: server } = new URL(src);
const { Handbell: before } = page;

if (script && dataset.lang && dataset.lang !== LANG) import(`${server}/widget.js?lang=${dataset.lang}`);
else if (!before || Array.isArray(before)) {
  let tried = 0;
  // That a module could not be fetched is remembered under its address.
  const later = async () => {
    const href = `${server}${LATER}#${tried}`;
    // A page that pins this file's bytes pins those to come with them.
    const pin = own.integrity && make("link", { rel: "modulepreload", href, integrity: SUM, crossOrigin: "" });
    if (pin) document.head.append(pin);
    try {
      return await import(href);
    } catch (error) {
      tried++;
      throw error;
    } finally {
      if (pin) pin.remove();
    }
  };
  const widget = begin({ ...dataset, server, prefill: givenBy(dataset) }, later, own);
  const { destroy } = widget;
  const push = ([name, ...args]: Call): void => (widget[name] as (...args: unknown[]) => void)(...args);
  page.Handbell = Object.assign(widget, {
    push,
    destroy() {
      destroy();
      delete page.Handbell;
    },
  });
  before?.forEach(push);
}
