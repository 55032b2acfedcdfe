/** For the widget where `document.currentScript` does not say which element it came from: as a module, or by a relative
 *  address. This file has the server of its own address, and finds the element that has the options for it. */
import { originOf } from "./origin";

export const server = originOf(import.meta.url);

const find = (): HTMLScriptElement => {
  const found = Document.prototype.querySelectorAll.call(document, "script[src*='/widget']");
  for (const own of found as NodeListOf<HTMLScriptElement>) if (originOf(own.src) === server) return own;
  throw new Error(`the page has no <script src="${server}/widget.js">, which says how the widget is set up`);
};

export const own = find();
