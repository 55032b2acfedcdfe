/** For a widget whose element `document.currentScript` does not tell: loaded as a module, or by a relative address.
 *  This file knows the server from its own address, and finds the element with the options. */
import { originOf } from "./origin";

export const server = originOf(import.meta.url);

const find = (): HTMLScriptElement => {
  const found = Document.prototype.querySelectorAll.call(document, "script[src*='/widget']");
  for (const own of found as NodeListOf<HTMLScriptElement>) if (originOf(own.src) === server) return own;
  throw new Error(`the page has no <script src="${server}/widget.js">, which says how the widget is set up`);
};

export const own = find();
