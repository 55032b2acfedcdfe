/** Keeps a page up to date. Only elements with `data-live` and an id are renewed.
 *
 * A page is told of changes by the stream that the browser's tabs share, and then fetches itself; without a stream it
 * does so every two seconds, which the server answers with 304 while nothing has changed.
 */

import { find, write } from "../pages/page";
import { NEWS } from "../ticket/news";
import { morph } from "./morph";
import type { Stream } from "./stream";
import { owner } from "./tab";

const TICK_MS = 2_000;
const SPREAD_MS = 300; // so that not all consoles call at once
const RENEW_MS = 60_000; // in case the stream missed a change
const LOGGED_OUT_MS = 20_000;
const LIMIT_MS = 10_000;

/** Called after each renewal. */
export type Renewed = () => void;

const rowsNow = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-row]")];
const topOf = (row: HTMLElement | undefined): number => row?.getBoundingClientRect().top ?? 0;

/** Runs `change`, and keeps the row in view at its position. */
const still = (change: () => void): void => {
  const rows = rowsNow();
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const seen = rows[at] ?? rows.find((row) => row.getBoundingClientRect().bottom > 0);
  const before = topOf(seen);
  change();
  if (seen?.isConnected && scrollY > 0) scrollBy({ top: topOf(seen) - before, behavior: "instant" });
  if (at < 0 || rows[at]?.contains(document.activeElement)) return;
  // The focused row, or the button in it, is gone: put the focus in the same place, so that it is not lost.
  const left = rowsNow();
  const place = rows[at]?.isConnected ? rows[at] : left[Math.min(at, left.length - 1)];
  (place?.querySelector<HTMLElement>("a") ?? find("#q"))?.focus({ preventScroll: true });
};

const tokensIn = (page: ParentNode): NodeListOf<HTMLInputElement> =>
  page.querySelectorAll<HTMLInputElement>("input[name='csrf_token']");

/** Updates the CSRF tokens, which change with a log-in, for example in another tab, so that this page's forms work. */
const takeTokens = (page: Document): void => {
  const [now] = tokensIn(page);
  if (now) for (const token of tokensIn(document)) token.value = now.value;
};

const renew = (page: Document): void => {
  still(() => {
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const now = page.getElementById(part.id);
      if (now) morph(part, now);
    }
  });
  takeTokens(page);
  if (document.title !== page.title) document.title = page.title;
};

export type Live = {
  changed: () => void;
  news: (ticket: number | null) => void;
};

/** Null where the page has nothing to renew. `stream` is what tells of changes. */
export const live = (renewed: Renewed, stream: () => Stream): Live | null => {
  let tag = document.body.dataset.tag;
  if (!tag || !find("[data-live]")) return null;
  document.documentElement.style.overflowAnchor = "none"; // `still` does this, in every browser
  const line = find("[data-line]");
  let asking = false;
  let again = false;
  let touched = false;
  let failed = 0;
  let out = false;
  let gone = false;
  let due = Date.now() + RENEW_MS;

  const show = (): void => {
    const words = out ? line?.dataset.out : gone ? line?.dataset.gone : failed > 2 ? line?.dataset.away : "";
    write(line?.querySelector("span") ?? null, words ?? "");
    line?.classList.toggle("saying", Boolean(words));
    const way = line?.querySelector("a");
    if (way) way.hidden = !out;
  };

  const answered = (call: XMLHttpRequest): void => {
    failed = call.status === 200 || call.status === 304 || call.status === 401 ? 0 : failed + 1;
    out = call.status === 401;
    gone = call.status === 403 || call.status === 404; // for example, another technician has the ticket
    due = Date.now() + (out ? LOGGED_OUT_MS : failed ? TICK_MS * Math.min(failed, 10) : RENEW_MS);
    if (call.status === 200 && call.response instanceof Document) {
      if (owner(call.response) !== owner()) {
        location.reload(); // another technician has logged in
        return;
      }
      tag = call.response.body.dataset.tag ?? tag;
      renew(call.response);
      renewed();
    }
    show();
  };

  const ask = (): void => {
    if (gone) return;
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    again = false;
    const call = new XMLHttpRequest();
    call.open("GET", location.pathname + location.search);
    call.responseType = "document";
    call.timeout = LIMIT_MS;
    call.setRequestHeader("X-Live", "1");
    call.setRequestHeader("If-None-Match", `"${tag}"`);
    // Only a user's action keeps the session alive.
    if (!touched) call.setRequestHeader("X-Background", "1");
    touched = false;
    call.onloadend = () => {
      asking = false;
      answered(call);
      if (again) soon();
    };
    call.send();
  };

  let timer = 0;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.random() * SPREAD_MS);
  };

  setInterval(() => {
    const waits = out || failed > 0 || stream().open();
    if (!waits || Date.now() >= due) ask();
  }, TICK_MS);
  for (const sign of ["keydown", "pointerdown", "wheel"]) {
    addEventListener(
      sign,
      (event) => {
        touched ||= event.isTrusted;
      },
      { passive: true },
    );
  }
  for (const sign of ["online", "offline"]) addEventListener(sign, ask);
  addEventListener("pageshow", (event) => {
    if (event.persisted) ask();
  });
  return {
    changed: () => {
      if (!out) soon();
    },
    news: (ticket) => {
      dispatchEvent(new CustomEvent(NEWS, { detail: ticket }));
      if (ticket && !out && find("[data-unread]")) soon(); // a list that counts unread lines
    },
  };
};
