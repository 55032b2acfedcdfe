/** Rings on every page of the console: for requests that its technician may take, and for what their customers write.
 *
 * One tab of the browser asks the server and tells the others, so that all of them show the same: a line below the menu
 * and a sign in the title, until somebody claims the request. One tab plays the sound, and plays it again until a key or
 * a button is pressed in any of them. When the session has ended, all of them say that nothing rings any more.
 */

import { ring, ringing, wake } from "../live/sound";
import { fill, find, say, write, written } from "../pages/page";
import { SHOWS, SIGN } from "../ticket/title";
import type { Stream } from "./stream";
import { isOn, keep, once, useSwitch } from "./switches";
import { owner, remember, remembered } from "./tab";

const NAME = "handbell-bell";
const ADDRESS = "/console/bell";
const OUT_SIGN = "⚠ ";
const TICK_MS = 2_000;
const SPREAD_MS = 300; // so that not all consoles call at once
const UNSTREAMED_MS = 10_000;
const SURE_MS = 60_000; // in case the stream missed a change
const OUT_MS = 20_000;
const LIMIT_MS = 10_000;
const AGAIN_MS = 30_000;
const SAME_MS = 5_000; // within which tabs hear of the same thing
const FULL = 100; // as many as the server tells

type State = { who: string; waiting: [ticket: number, reference: string | null][]; unread: Record<string, number> };
/** What rings: `t` and a ticket's number with 1, or `m` and a ticket's number with the count of unread lines. */
type Counts = Record<string, number>;
type Word = { state: State; rings: string[] } | { seen: string[] } | "hello" | "heard" | "out" | "away";

export type Bell = {
  /** Something has changed, or a conversation has news. */
  changed: () => void;
  /** The page shows something else than before. */
  renewed: () => void;
};

const counts = ({ waiting, unread }: State): Counts =>
  Object.fromEntries([
    ...waiting.map(([ticket]) => [`t${ticket}`, 1]),
    ...Object.entries(unread).map(([ticket, lines]) => [`m${ticket}`, lines]),
  ]);

const ticketOf = (key: string): string => key.slice(1);
const isRequest = (key: string): boolean => key.startsWith("t");
const tagOf = (key: string): string => `handbell-${key}`;

/** Whether the page lists the request, or is that of the ticket. */
const isShown = (key: string): boolean =>
  Boolean(find(isRequest(key) ? `[data-row="${ticketOf(key)}"]` : `#talk[data-number="${ticketOf(key)}"]`));

/** Keys that ring now, and did not before. A request that moves up, as the list was full, is not new. */
const freshOf = (before: Counts, now: Counts): string[] => {
  const known = Object.keys(before).filter(isRequest);
  const oldest = known.length >= FULL ? Math.min(...known.map((key) => Number(ticketOf(key)))) : 0;
  return Object.keys(now).filter(
    (key) => (now[key] ?? 0) > (before[key] ?? 0) && !(isRequest(key) && Number(ticketOf(key)) < oldest),
  );
};

/** What waited before the page was made. */
const olderThanPage = (now: Counts, { dataset }: HTMLElement): Counts =>
  Object.fromEntries(
    Object.entries(now).filter(([key]) => !isRequest(key) || Number(ticketOf(key)) <= Number(dataset.newest)),
  );

/** Without those whose conversation is open in some tab: that page has a sound of its own. */
const withoutOpen = async (keys: string[]): Promise<string[]> => {
  const held = (await navigator.locks?.query())?.held ?? [];
  return keys.filter((key) => isRequest(key) || !held.some(({ name }) => name === SHOWS + ticketOf(key)));
};

/** The switches of the page, where it has them. */
const switches = (): void => {
  const input = document.querySelector<HTMLInputElement>("input[data-switch='notify']");
  const part = find("[data-switches]");
  if (part) part.hidden = false;
  useSwitch("sound", () => {
    if (isOn("sound")) wake();
  });
  useSwitch("notify", async (on) => {
    if (!on || !("Notification" in window)) return;
    if (Notification.permission === "default") await Notification.requestPermission();
    if (Notification.permission === "granted") return;
    keep("notify", false);
    say(input?.dataset.blocked ?? "");
    if (input) input.title = input.dataset.blocked ?? "";
  });
  if (input?.checked && (!("Notification" in window) || Notification.permission !== "granted")) input.checked = false;
};

/** The notifications of this browser. With a service worker they are the same ones as those that are pushed. */
const notifications = (words: DOMStringMap) => {
  const own = new Map<string, Notification>();
  const worker = async (): Promise<ServiceWorkerRegistration | undefined> =>
    navigator.serviceWorker?.getRegistration("/console/").catch(() => undefined);
  const may = (): boolean => isOn("notify") && "Notification" in window && Notification.permission === "granted";

  const show = async (title: string, key: string, body: string): Promise<void> => {
    // Only the reference, as notifications appear on locked screens.
    const options = { body, tag: tagOf(key) };
    const url = `/console/tickets/${ticketOf(key)}`;
    const pushed = await worker();
    if (pushed?.active) {
      await pushed.showNotification(title, { ...options, data: { url } });
      return;
    }
    try {
      const shown = new Notification(title, options);
      own.set(key, shown);
      shown.onclick = () => {
        focus();
        shown.close();
      };
    } catch {
      // Some phones show no notifications of pages.
    }
  };

  return {
    show: (keys: string[], state: State): void => {
      if (!may()) return;
      for (const key of keys) {
        const reference = state.waiting.find(([ticket]) => String(ticket) === ticketOf(key))?.[1];
        void show((isRequest(key) ? words.title : words.wrote) ?? "", key, reference ?? ticketOf(key));
      }
    },
    close: async (keys: string[]): Promise<void> => {
      if (!keys.length) return;
      for (const key of keys) own.get(key)?.close();
      const pushed = await worker();
      for (const key of keys) {
        for (const one of (await pushed?.getNotifications({ tag: tagOf(key) })) ?? []) one.close();
      }
    },
  };
};

/** A sign before the page's title, which the page's other scripts write too. */
const titleSign = (): ((sign: string) => void) => {
  let now = "";
  const put = (): void => {
    const bare = document.title.replace(SIGN, "").replace(OUT_SIGN, "");
    if (document.title !== now + bare) document.title = now + bare;
  };
  const title = document.querySelector("title");
  if (title) new MutationObserver(put).observe(title, { childList: true });
  return (sign) => {
    now = sign;
    put();
  };
};

/** Null on the pages of the log-in. `stream` is what tells of changes. */
export const bell = (stream: () => Stream): Bell | null => {
  const line = find("#bell");
  if (!line) return null;
  const others = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
  const tell = (word: Word): void => others?.postMessage(word);
  const notes = notifications(line.dataset);
  const sign = titleSign();
  const kept = JSON.parse(remembered("bell") ?? "null") as { known: Counts; rings: string[] } | null;
  let known = kept?.known;
  let rings = new Set(kept?.rings);
  let last: State | undefined;
  let loud = false; // nobody has pressed anything since it rang
  let rang = 0;
  let owed = "";
  let out = false;
  let away = false;
  let failed = 0;
  let tag = "";
  let asking = false;
  let again = false;
  let asked = 0;

  const show = (): void => {
    const keys = [...rings].filter((key) => !isShown(key));
    const requests = keys.filter(isRequest).length;
    const lines = keys.filter((key) => !isRequest(key)).length;
    const { one, many, messages, mute } = line.dataset;
    const words = [
      requests === 1 ? one : requests ? fill(many, written(requests)) : "",
      lines ? fill(messages, written(lines)) : "",
    ].filter(Boolean);
    line.hidden = !words.length || out;
    write(line.querySelector("span"), words.join(" · "));
    const way = line.querySelector("a");
    const [only] = keys;
    if (way) way.href = keys.length === 1 ? `/console/tickets/${ticketOf(only ?? "")}` : "/console/";
    write(line.querySelector("small"), isOn("sound") && !ringing() ? (mute ?? "") : "");
    sign(out ? OUT_SIGN : words.length ? SIGN : "");
    if (document.body.dataset.tag) return; // live.ts has the other line
    const trouble = find("[data-line]");
    const said = out ? trouble?.dataset.out : away ? trouble?.dataset.away : "";
    write(trouble?.querySelector("span") ?? null, said ?? "");
    trouble?.classList.toggle("saying", Boolean(said));
    const back = trouble?.querySelector("a");
    if (back) back.hidden = !out;
  };

  const announce = async (fresh: string[], state: State): Promise<void> => {
    if (!fresh.length) return;
    const requests = fresh.filter(isRequest).length;
    const { one, many, messages } = line.dataset;
    say("");
    if (requests) say(requests === 1 ? (one ?? "") : fill(many, written(requests)));
    else say(fill(messages, written(fresh.reduce((sum, key) => sum + (state.unread[ticketOf(key)] ?? 0), 0))));
    const heard = await withoutOpen(fresh);
    if (heard.length) sound(heard.map((key) => `${key} ${state.unread[ticketOf(key)]}`).join());
  };

  /** By one tab, unless one of them has the focus. */
  const notify = (fresh: string[], state: State): void => {
    const which = fresh.map((key) => `${key} ${state.unread[ticketOf(key)]}`).join();
    if (document.hasFocus()) once("looked", which, SAME_MS, () => undefined);
    else setTimeout(() => once("looked", which, SAME_MS, () => notes.show(fresh, state)), SPREAD_MS);
  };

  const sound = (what: string): void => {
    loud = true;
    rang = Date.now();
    owed = what;
    play();
  };

  /** Sound may need a moment to begin in a page that is new. */
  const play = (): void => {
    if (!owed || !isOn("sound") || !ringing()) return;
    if (Date.now() - rang < SAME_MS) once("rang", owed, SAME_MS, ring);
    owed = "";
  };

  /** What is shown to one who looks has been heard. */
  const look = (): void => {
    if (document.visibilityState !== "visible" || !document.hasFocus()) return;
    const seen = [...rings].filter(isShown);
    if (seen.length) {
      drop(seen);
      tell({ seen });
    }
  };

  const drop = (keys: string[]): void => {
    for (const key of keys) rings.delete(key);
    if (!rings.size) loud = false;
    store();
    show();
  };

  const store = (): void => {
    if (known) remember("bell", JSON.stringify({ known, rings: [...rings] }));
  };

  const take = (state: State, theirs: string[] = []): void => {
    if (state.who !== owner()) {
      leave();
      return;
    }
    out = away = false;
    last = state;
    const now = counts(state);
    const news = freshOf(known ?? olderThanPage(now, line), now);
    const fresh = news.filter((key) => isRequest(key) || !isShown(key) || !document.hasFocus());
    const gone = known ? Object.keys(known).filter((key) => !(key in now)) : [];
    rings = new Set([...rings, ...fresh, ...(known ? [] : theirs)].filter((key) => key in now));
    known = now;
    if (!rings.size) loud = false;
    store();
    void announce(fresh, state);
    if (news.length) notify(news, state);
    void notes.close(gone);
    look();
    show();
  };

  const leave = (): void => {
    if (!out) sound("out");
    out = true;
    loud = false;
    show();
  };

  const ask = async (): Promise<void> => {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    again = false;
    // Only a user's action keeps the session alive.
    const headers = { "X-Background": "1", ...(tag ? { "If-None-Match": tag } : {}) };
    const signal = AbortSignal.timeout(LIMIT_MS);
    const answer = await fetch(ADDRESS, { headers, cache: "no-store", signal }).catch(() => null);
    failed = answer && [200, 304, 401].includes(answer.status) ? 0 : failed + 1;
    if (answer?.status === 200) {
      const state = (await answer.json().catch(() => null)) as State | null;
      if (state) {
        tag = answer.headers.get("ETag") ?? "";
        take(state);
        tell({ state, rings: [...rings] });
      }
    } else if (answer?.status === 401) {
      leave();
      tell("out");
    } else if (answer?.status === 304 && last && (out || away)) {
      take(last);
      tell({ state: last, rings: [...rings] });
    } else if (failed > 2) {
      away = true;
      show();
      tell("away");
    }
    asked = Date.now();
    asking = false;
    if (again) soon();
  };

  let timer = 0;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), Math.random() * SPREAD_MS);
  };
  const leads = (): boolean => stream().leads();

  const hear = (word: Word): void => {
    if (word === "hello") {
      if (leads() && last && !out) tell({ state: last, rings: [...rings] });
    } else if (word === "heard") loud = false;
    else if (word === "out") leave();
    else if (word === "away") {
      away = true;
      show();
    } else if ("seen" in word) drop(word.seen);
    else take(word.state, word.rings);
  };

  switches();
  const pressed = ({ isTrusted }: Event): void => {
    if (!isTrusted) return;
    // Some keys, such as Escape, are no press that allows sound.
    if (isOn("sound") && navigator.userActivation?.isActive !== false) wake();
    if (loud) tell("heard");
    loud = false;
    show();
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, pressed, { passive: true });
  addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
  if (others) others.onmessage = (event: MessageEvent<Word>) => hear(event.data);
  // The press that led here from another page counts in this one too.
  if (isOn("sound") && navigator.userActivation?.hasBeenActive) wake();
  show();
  tell("hello");
  setInterval(() => {
    if (loud && Date.now() - rang > AGAIN_MS) sound("again");
    else play();
    const every = out ? OUT_MS : stream().open() ? SURE_MS : UNSTREAMED_MS;
    if (leads() && Date.now() >= asked + every) void ask();
  }, TICK_MS);
  return {
    changed: () => {
      if (leads() && !out) soon();
    },
    renewed: () => {
      look();
      show();
    },
  };
};
