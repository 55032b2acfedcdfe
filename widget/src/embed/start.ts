import { read } from "./draft";
import { fill } from "./fill";
import { makeForm } from "./form";
import { givenBy, signed } from "./known";
import { make, sheet } from "./make";
import { base, panel } from "./styles";
import { texts } from "./texts";
import type { Context, Emit, Handbell, Known, Load, Options, Prefill, Since, Site } from "./types";

/** This build's language and its direction. */
declare const LANG: string;
declare const DIR: string;
const LIMIT_MS = 10_000;

/** Kept at once, as the page may replace it later. */
const { fetch } = window;

const ask = async (url: string): Promise<unknown> =>
  (await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(LIMIT_MS) })).json();

/** Sets the widget up. `later` fetches the parts after the button; with `inline` and no target, the form is put after
 *  `place`. */
export const begin = (options: Options, later: Context["later"], place?: ChildNode | null): Handbell => {
  const { server, site = "default", lang = LANG, mode, position = "end", colour, text, target, prefill } = options;
  const inline = mode === "inline";
  const gone = new AbortController();
  const { signal } = gone;
  const heard = new EventTarget();
  const known: Known = { given: { ...prefill }, claims: null, token: null };
  const host = make("section", { lang: LANG });
  const root = host.attachShadow({ mode: "open" });
  const launcher = make("button", { part: `launcher ${position}` });
  let element: HTMLElement | undefined;
  let form: HTMLFormElement | undefined;
  let info: ReturnType<Load> | undefined;
  let recalled = false;

  const emit: Emit = (event: string, detail?: unknown) => heard.dispatchEvent(new CustomEvent(event, { detail }));

  const dress = (siteColour?: string | null): void => {
    host.ariaLabel = texts.title;
    launcher.textContent = text || texts.title;
    host.style.setProperty("--hb", colour || siteColour || null);
  };

  const load: Load = (anew) => {
    recall();
    if (anew) info = undefined;
    info ??= (anew ?? ask)(`${server}/api/v1/sites/${site}?lang=${lang}`)
      .then((said) => {
        const answer = said as Since<Site>;
        Object.assign(texts, answer.texts);
        dress(answer.theme.colour);
        return { ...answer, since: Date.now() };
      })
      .catch(() => {
        info = undefined;
        return undefined;
      });
    return info;
  };

  const context: Context = { server, site, lang, known, draft: {}, signal, emit, fetch, load, later };

  /** Reads the draft. The first access to storage takes milliseconds, so it happens neither while the page loads nor
   *  between press and form. */
  const recall = (): void => {
    if (recalled) return;
    recalled = true;
    context.draft = { ...read(site), ...context.draft };
    if (form) fill(form, context);
  };

  /** Adapts the form to the site once its settings arrive; a failure here is reported when the form is sent. */
  const settle = async (): Promise<void> => {
    try {
      const [answer, { apply }] = await Promise.all([load(), later()]);
      if (form) apply(form, answer, context);
    } catch {}
  };

  /** The form, made when it is first needed. */
  const build = (): HTMLElement => {
    if (!element) {
      element = make(inline ? "div" : "dialog", { part: "panel", dir: DIR });
      form = makeForm(element, context);
      if (!inline) {
        element.append(make("button", { part: "close", ariaLabel: texts.close, onclick: widget.close }, "×"));
        element.onclose = () => emit("close");
      }
      root.adoptedStyleSheets.push(sheet(panel));
      root.append(element);
    }
    return element;
  };

  const put = (): void => {
    if (inline) {
      build();
      setTimeout(recall);
      const there = typeof target === "string" ? document.querySelector(target) : target;
      if (there) there.append(host);
      else place?.after(host);
    } else if (mode === "button" || !(mode || document.querySelector("[data-handbell]"))) {
      root.append(launcher);
      document.documentElement.append(host);
    }
  };

  const warm = (): void => {
    build();
    if (inline) settle();
    else load();
  };

  /** Prepares everything when the pointer or focus comes near; a press opens the form, unless it asks for a new tab. */
  const near = (event: MouseEvent): void => {
    const path = event.composedPath() as HTMLElement[];
    const caller = path.find((node) => node === launcher || node.dataset?.handbell != null);
    if (caller || path.includes(host)) setTimeout(warm);
    if (!caller || event.type !== "click" || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    widget.open(givenBy(caller.dataset));
  };

  const widget: Handbell = {
    open(values) {
      widget.prefill(values as Prefill);
      const shown = build() as HTMLDialogElement;
      if (inline) shown.querySelector("textarea")?.focus();
      else if (!shown.open) {
        if (!host.isConnected) document.documentElement.append(host);
        shown.showModal();
      }
      requestAnimationFrame(() => setTimeout(settle)); // the form is painted first
      emit("open");
    },
    close: () => (element as HTMLDialogElement | undefined)?.close?.(),
    prefill(values) {
      Object.assign(known.given, values);
      if (form) fill(form, context);
    },
    identify(token) {
      Object.assign(known, signed(token));
      if (form) fill(form, context);
    },
    on(event, listener) {
      heard.addEventListener(event, (said) => listener((said as CustomEvent).detail));
    },
    destroy() {
      widget.close();
      clearTimeout(soon);
      gone.abort();
      host.remove();
    },
  };

  root.adoptedStyleSheets = [sheet(base)];
  dress();
  for (const type of ["pointerover", "focusin", "click"])
    document.addEventListener(type as "click", near, { capture: true, signal });
  // Once the page has settled, as the first access to storage takes milliseconds.
  const soon = setTimeout(async () => {
    try {
      if (window.name.match("handbell-") || sessionStorage[`handbell-open:${site}`])
        (await later()).resume(build, context);
    } catch {}
  }, 400);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", put, { signal });
  else put();
  return widget;
};
