/** The script of a page's `<script src="…/widget.js">`. */

import { givenBy } from "./known";
import { make } from "./make";
import { begin } from "./start";
import type { Handbell } from "./types";

/** This build's language, and the address and integrity of the later part. */
declare const LANG: string;
declare const LATER: string;
declare const SUM: string;

type Call = [name: keyof Handbell, ...args: unknown[]];
type Global = Handbell & { push(call: Call): void };
/** Before the script has loaded, `Handbell` may be a list of calls to make then: `[["open"]]`. */
const page = window as { Handbell?: Global | Call[] };

/** Sets the widget up with the options of this script element. Only this server is called. */
const run = ({ own, server }: { own: HTMLScriptElement; server: string }): void => {
  const { dataset, integrity } = own;
  const before = page.Handbell as Partial<Handbell & Pick<Call[], "forEach">> | undefined; // or an element with this id
  if (before?.open) return;
  let tried = 0;
  // Browsers remember a failed module by its address, so each try needs another one.
  const later = async () => {
    const href = `${server}${LATER}#${tried}`;
    // A page that pins this file's content also pins the later part's.
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

// Read through the prototype: an `<img name="currentScript">` in the page hides the document's property. A relative
// address is not trusted, as a `<base>` after the script changes it.
const own = Reflect.get(Document.prototype, "currentScript", document);
if (own instanceof HTMLScriptElement && /^(\w+:)?\/\//.test(own.getAttribute("src") as string)) {
  const { src, integrity, dataset } = own;
  // Up to the third slash, by syntax only, as the page may have changed URL and the methods of strings.
  let server = "";
  let slashes = 0;
  for (const at in src as unknown as Record<string, string>) {
    slashes += +(src[+at] === "/");
    if (slashes < 3) server += src[+at];
  }
  const { lang } = dataset;
  // The other language's script is not the one that the page has pinned.
  if (lang && lang !== LANG && !integrity) import(`${server}/widget.js?lang=${lang}`);
  else run({ own, server });
} else {
  // Only a module knows its own address; a module imported by path comes from the same server as this file.
  const beside = "/widget/0/module.js";
  (async () => run(await import(beside)))(); // `then` may be the page's
}
