/** The page that checks a website: it opens the page's window under a name that the widget knows, and shows what the
 *  widget there says. What comes is a stranger's: only the window's own words under that name count, once. */

import { find } from "../pages/page";

const PATIENCE_MS = 12_000;
const MARK = "handbell-check:";

interface Report {
  check: string;
  site: string;
  status: number;
  blocked: string;
}

/** The address as typed, with https unless it says otherwise; undefined for what is none of a web page. */
const addressOf = (typed: string): URL | undefined => {
  try {
    const url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(typed) ? typed : `https://${typed}`);
    return /^https?:$/.test(url.protocol) && !url.username && !url.password ? url : undefined;
  } catch {
    return undefined;
  }
};

const isReport = (data: unknown): data is Report => {
  const { check, site, status, blocked } = Object(data) as Partial<Record<keyof Report, unknown>>;
  return [check, site, blocked].every((text) => typeof text === "string") && typeof status === "number";
};

/** The name of the outcome (`data-seen` in the template). */
const outcomeOf = ({ site, status, blocked }: Report, own: string): string => {
  if (!status) return blocked ? "policy" : "unreachable";
  if (status === 404) return "no-site";
  if (site !== own) return "other-site";
  return status === 403 ? "unlisted" : status === 200 ? "good" : "unreachable";
};

const show = (name: string, values: Record<string, string> = {}): void => {
  for (const part of document.querySelectorAll<HTMLElement>("[data-seen]")) {
    part.hidden = part.dataset.seen !== name;
    if (part.hidden) continue;
    const words = part.querySelector("p:last-child")?.firstChild;
    if (!words) continue;
    part.dataset.words ??= words.textContent ?? "";
    words.textContent = part.dataset.words.replace(
      /\{(\w+)\}/g,
      (all, key: string) => values[key]?.slice(0, 200) ?? all,
    );
  }
};

const form = find("#checking") as HTMLFormElement | null;
const field = find("#page") as HTMLInputElement | null;
let finish = (): void => {};

const check = (url: URL, own: string): void => {
  finish();
  const name = MARK + crypto.randomUUID();
  const opened = open(url, name, "popup,width=960,height=720");
  if (!opened) {
    show("no-window");
    return;
  }
  show("waiting");
  const heard = new AbortController();
  const late = setTimeout(() => {
    finish();
    show(opened.closed ? "cut" : "silent");
  }, PATIENCE_MS);
  finish = () => {
    clearTimeout(late);
    heard.abort();
  };
  const hear = ({ source, origin, data }: MessageEvent): void => {
    if (source !== opened || !isReport(data) || data.check !== name) return;
    finish();
    opened.close();
    show(outcomeOf(data, own), { origin, key: data.site, directive: data.blocked });
  };
  addEventListener("message", hear, { signal: heard.signal });
};

if (form && field) {
  try {
    field.value = decodeURIComponent(location.hash.slice(1));
  } catch {}
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const url = addressOf(field.value.trim());
    const problem = find("#page-problem");
    if (problem) problem.hidden = !!url;
    field.ariaInvalid = url ? null : "true";
    if (!url) {
      field.focus();
      return;
    }
    history.replaceState(history.state, "", `#${encodeURIComponent(url.href)}`);
    check(url, form.dataset.site ?? "");
  });
}
