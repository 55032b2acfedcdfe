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

/** Sets the widget up with the options of this script element. No server but this one is asked. */
const run = ({ own, server }: { own: HTMLScriptElement; server: string }): void => {
  const { dataset, integrity } = own;
  const before = page.Handbell as Partial<Handbell & Pick<Call[], "forEach">> | undefined; // or an element with this id
  if (before?.open) return;
  let tried = 0;
  // That a module could not be fetched is remembered under its address.
  const later = async () => {
    const href = `${server}${LATER}#${tried}`;
    // A page that pins this file's bytes pins those to come with them.
    const pin = integrity && make("link", { rel: "modulepreload", href, integrity: SUM, crossOrigin: "" });
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
  before?.forEach?.(push);
};

// Asked of the prototype: an `<img name="currentScript">` in the page hides the document's own. A relative address is not
// believed: a `<base>` that came after the script changes it.
const own = Reflect.get(Document.prototype, "currentScript", document);
if (own instanceof HTMLScriptElement && /^(\w+:)?\/\//.test(own.getAttribute("src") as string)) {
  const { src, integrity, dataset } = own;
  // Up to the third slash: by syntax alone, since the page may have changed URL and the methods of strings.
  let server = "";
  let slashes = 0;
  for (const at in src as unknown as Record<string, string>) {
    slashes += +(src[+at] === "/");
    if (slashes < 3) server += src[+at];
  }
  const { lang } = dataset;
  // The other language's bytes are not those that the page has pinned.
  if (lang && lang !== LANG && !integrity) import(`${server}/widget.js?lang=${lang}`);
  else run({ own, server });
} else {
  // Only a module knows its own address; what it is asked for by path comes from where this file came from.
  const beside = "/widget/0/module.js";
  (async () => run(await import(beside)))(); // `then` may be the page's
}
