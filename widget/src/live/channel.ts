/** One page's connection to a ticket's conversation, for customers and technicians.
 *
 * Asks for lines, signals and the state when the server's stream says "changed", and every two seconds where there is
 * no stream. Durable lines go through an outbox until the server has acknowledged them; signals are tried a few times,
 * in order; signs such as "typing" once.
 *
 *     const channel = openChannel({ base: "/applet/…", shelf: tabShelf("…"), heard: (answer) => …, … });
 *     channel.say("Hello");               // returns its key: `sent` is called with it, then it is among the lines
 *     channel.typing(); channel.read(12); // as often as you like
 *     await channel.signal("offer", sdp, peer);
 */

import { type Outbox, openOutbox, type Shelf, type Tried, type Unsent } from "./outbox";
import { type Answer, type Ice, type Line, type Message, newId, type Signal } from "./wire";

const POLL_MS = 2_000;
const RENEW_MS = 30_000; // in case the stream missed a change
const SLOWEST_MS = 15_000;
const LIMIT_MS = 8_000;
const TYPING_MS = 3_000; // the server forgets "typing" a few seconds after the last one
const STREAM_AGAIN_MS = 60_000;
const SILENT_MS = 50_000; // the server sends an event every 20 seconds
const SIGNAL_TRIES = 5;
const GONE = [401, 403, 404, 410];

/** Calls `changed` for every change, and when announcements begin; returns whether they come now. */
export type Listen = (changed: () => void) => () => boolean;

export type ChannelOptions = {
  /** The ticket's address for this side, without a slash at its end. */
  base: string;
  /** Further headers of each call. */
  headers?: (method: "GET" | "POST") => Record<string, string>;
  /** The storage in which unsent lines outlive a reload. */
  shelf: Shelf;
  /** Announces changes, given the ticket's own stream, which is the default. */
  listen?: (own: Listen) => Listen;
  /** Each answer; its lines and signals are new ones, in order. */
  heard: (answer: Answer) => void;
  /** A line is on the server's disk, and soon among the lines. */
  sent?: (line: Unsent, id: number) => void;
  /** A line is refused for good; `why` is the server's code. The page shows the text again. */
  refused: (line: Unsent, why: string) => void;
  /** The server cannot be reached, or can be again. */
  trouble: (on: boolean) => void;
  /** The address is gone (404, 410), or this person may not use it (401, 403). The channel asks no more until `ask`. */
  over: (status: number) => void;
};

export type Channel = {
  /** The id of this page load. */
  peer: string;
  /** Sends a durable line and returns its key. */
  say: (body: string, kind?: string) => string;
  waiting: () => readonly Unsent[];
  /** Sends a signal; false when it could not be delivered. A null `to` is all of the other side. */
  signal: (kind: string, body: string, to: string | null) => Promise<boolean>;
  /** Posts something that is not durable, once; false when it failed. */
  sign: (kind: string, body?: string) => Promise<boolean>;
  /** Posts a line while the page is left, once. */
  leave: (kind: string, body: string) => void;
  typing: () => void;
  /** The person has seen the lines up to this id. */
  read: (line: number) => void;
  /** Servers for WebRTC; null when the session is not active or the server not there. */
  ice: () => Promise<Ice | null>;
  /** Asks now. */
  ask: () => void;
  /** Ends everything but unsent lines. */
  close: () => void;
};

const eventStream =
  (address: string, stop: AbortSignal): Listen =>
  (changed) => {
    let source: EventSource | null = null;
    let open = false;
    let heard = Date.now();
    const begin = (): void => {
      source?.close();
      source = new EventSource(address);
      const sign = (): void => {
        heard = Date.now();
      };
      sign();
      source.onopen = () => {
        sign();
        open = true;
        changed();
      };
      source.onmessage = () => {
        sign();
        changed();
      };
      source.addEventListener("beat", sign);
      source.onerror = () => {
        open = false;
        // Refused, not just interrupted: the server has no place for one more.
        if (source?.readyState === EventSource.CLOSED) setTimeout(() => !stop.aborted && begin(), STREAM_AGAIN_MS);
      };
    };
    // A connection may be dead without an error, after a notebook's sleep or a change of network.
    const watch = setInterval(() => {
      if (open && Date.now() - heard > SILENT_MS) {
        open = false;
        begin();
      }
    }, POLL_MS);
    stop.addEventListener("abort", () => {
      clearInterval(watch);
      source?.close();
      open = false;
    });
    begin();
    return () => open;
  };

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const retryAfter = (response: Response): number | null => Number(response.headers.get("Retry-After")) * 1_000 || null;

/** What the answer to a POST means for the message. */
const tried = async (response: Response): Promise<Tried> => {
  const answer = (await response.json().catch(() => null)) as { id?: number | null; error?: string } | null;
  if (response.ok) return answer ? { id: answer.id ?? 0 } : { wait: null };
  const again = response.status === 429 || response.status === 408 || response.status >= 500;
  return again ? { wait: retryAfter(response) } : { refused: answer?.error ?? String(response.status) };
};

export const openChannel = (options: ChannelOptions): Channel => {
  const { base, headers = () => ({}) } = options;
  const peer = newId();
  const stop = new AbortController();
  let last = 0;
  let signal: number | null = null;
  let asking = false;
  let again = false;
  let failed = 0;
  let away = false;
  let due = 0;
  let over = false;
  let typed = 0;
  let seen = 0;
  let outbox: Outbox;

  const trouble = (on: boolean): void => {
    if (on !== away) options.trouble(on);
    away = on;
  };

  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${base}/${path}`, { cache: "no-store", signal: AbortSignal.timeout(LIMIT_MS), ...init });

  const get = (path: string): Promise<Response> =>
    call(path, { headers: { Accept: "application/json", ...headers("GET") } });

  const post = async (message: Message, keepalive = false): Promise<Tried> => {
    try {
      const response = await call("live", {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers("POST") },
        body: JSON.stringify({ ...message, from: peer }),
        keepalive,
      });
      return await tried(response);
    } catch {
      return { wait: null };
    }
  };

  /** Only what is new, as an answer may overlap with the one before. */
  const news = (answer: Answer): Answer => {
    const lines = (answer.lines ?? []).filter((line: Line) => line.id > last);
    const signals = (answer.signals ?? []).filter((one: Signal) => signal !== null && one.id > signal);
    last = lines.at(-1)?.id ?? last;
    signal = Math.max(signal ?? 0, answer.signal ?? 0, ...signals.map((one) => one.id));
    return { ...answer, lines, signals };
  };

  const answered = async (response: Response): Promise<void> => {
    if (GONE.includes(response.status)) {
      over = true;
      options.over(response.status);
      return;
    }
    if (!response.ok) throw response;
    const answer = news((await response.json()) as Answer);
    failed = 0;
    trouble(false);
    again ||= answer.more;
    if (!stop.signal.aborted) options.heard(answer);
    due = Date.now() + (answer.state.other?.typing ? TYPING_MS : streamed() ? RENEW_MS : POLL_MS);
  };

  const ask = async (): Promise<void> => {
    if (asking || stop.signal.aborted) {
      again = true;
      return;
    }
    asking = true;
    again = false;
    over = false;
    const signals = signal === null ? "" : `&signals=${signal}`;
    try {
      await answered(await get(`live?after=${last}&peer=${peer}${signals}`));
    } catch (why) {
      failed += 1;
      const wait = why instanceof Response ? retryAfter(why) : null;
      due = Date.now() + (wait ?? Math.min(POLL_MS * 2 ** (failed - 1), SLOWEST_MS));
      if (failed > 1 || !navigator.onLine) trouble(true);
    }
    asking = false;
    if (again && !failed && !over) void ask();
  };

  outbox = openOutbox(options.shelf, {
    send: (line) => post({ ...line, to: null }),
    sent: (line, id) => {
      options.sent?.(line, id);
      void ask();
    },
    refused: options.refused,
    trouble,
  });

  let order: Promise<unknown> = Promise.resolve();
  const trySignal = async (message: Message): Promise<boolean> => {
    for (let at = 0; at < SIGNAL_TRIES && !stop.signal.aborted; at += 1) {
      const result = await post(message);
      if (!("wait" in result)) return "id" in result;
      await pause(result.wait ?? 300 * 2 ** at);
    }
    return false;
  };
  const sendSignal = (kind: string, body: string, to: string | null): Promise<boolean> => {
    const done = order.then(() => trySignal({ kind, body, key: newId(), to }));
    order = done;
    return done;
  };
  const sign = async (kind: string, body = "", keepalive = false): Promise<boolean> =>
    "id" in (await post({ kind, body, key: newId(), to: null }, keepalive));

  const until = { signal: stop.signal };
  const seeing = (): void => void sign(document.hidden ? "hidden" : "shown");
  const own = eventStream(`${base}/stream?peer=${peer}`, stop.signal);
  const streamed = (options.listen?.(own) ?? own)(() => void ask());
  const tick = setInterval(() => {
    if (!over && !asking && Date.now() >= due) void ask();
  }, POLL_MS / 4);
  stop.signal.addEventListener("abort", () => clearInterval(tick));
  document.addEventListener("visibilitychange", seeing, until);
  for (const name of ["online", "pageshow"]) {
    addEventListener(
      name,
      () => {
        void ask();
        outbox.hurry();
      },
      until,
    );
  }
  addEventListener("offline", () => trouble(true), until);
  // The other side learns at once that this page is gone.
  addEventListener("pagehide", () => void sign("bye", "", true), until);
  if (document.hidden) seeing();
  void ask();

  return {
    peer,
    say: (body, kind = "say") => {
      const key = newId();
      typed = 0; // the server takes a sent line for the end of typing
      outbox.add({ key, kind, body });
      return key;
    },
    waiting: outbox.waiting,
    signal: sendSignal,
    sign,
    leave: (kind, body) => void sign(kind, body, true),
    typing: () => {
      if (Date.now() - typed < TYPING_MS) return;
      typed = Date.now();
      void sign("typing");
    },
    read: (line) => {
      if (line <= seen) return;
      seen = line;
      void sign("read", String(line));
    },
    ice: async () => {
      try {
        const response = await get("ice");
        return response.ok ? ((await response.json()) as Ice) : null;
      } catch {
        return null;
      }
    },
    ask: () => void ask(),
    close: () => stop.abort(),
  };
};
