/** Receives the server's announcements of changes.
 *
 * All tabs of a browser share one stream, as a browser opens at most six connections to a server. The tab that holds a
 * lock listens and tells the others; when it is closed, another one takes over.
 */

const URL = "/console/changes";
const NAME = "handbell-changes";
const AGAIN_MS = 60_000;
const LOOK_MS = 10_000;
const SILENT_MS = 50_000; // the server sends an event every 20 seconds

type Word = "changed" | "open" | "shut" | "hello" | number;

export type Stream = {
  /** Whether there is one. */
  open: () => boolean;
  /** Whether this tab is the one that asks for all of them. */
  leads: () => boolean;
};

/** Calls `changed` for every change, and when the stream begins; `news` with a ticket's number when its conversation has
 * news for this technician, and with null when the stream begins. */
export const listen = (changed: () => void, news: (ticket: number | null) => void): Stream => {
  let open = false;
  // Without locks, as over plain http, each tab would need its own stream, so pages poll instead.
  if (!navigator.locks || !("BroadcastChannel" in window)) return { open: () => false, leads: () => true };

  const others = new BroadcastChannel(NAME);
  const tell = (word: Word): void => others.postMessage(word);
  let source: EventSource | null = null;
  let heard = Date.now();

  const hear = (word: Word): void => {
    if (word === "hello") {
      if (source && open) tell("open");
      return;
    }
    if (typeof word === "number") {
      news(word);
      return;
    }
    const was = open;
    if (word !== "changed") open = word === "open";
    if (word === "changed" || (open && !was)) changed();
    if (open && !was) news(null);
  };
  const say = (word: Word): void => {
    tell(word);
    hear(word);
  };

  const begin = (): void => {
    source = new EventSource(URL);
    const sign = (): void => {
      heard = Date.now();
    };
    sign();
    source.onopen = () => {
      sign();
      say("open");
    };
    source.onmessage = () => {
      sign();
      say("changed");
    };
    source.addEventListener("beat", sign);
    source.addEventListener("ticket", ({ data }: MessageEvent<string>) => {
      sign();
      say(Number(data));
    });
    source.onerror = () => {
      say("shut");
      // Refused, not just interrupted: the server is full, or the session has ended.
      if (source?.readyState === EventSource.CLOSED) setTimeout(() => source && begin(), AGAIN_MS);
    };
  };

  const stand = (): void => {
    let leave: () => void = () => undefined;
    const stay = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const waiting = new AbortController();
    navigator.locks
      .request(NAME, { signal: waiting.signal }, () => {
        begin();
        return stay;
      })
      .catch(() => undefined);
    addEventListener(
      "pagehide",
      () => {
        source?.close();
        source = null;
        open = false;
        waiting.abort();
        leave();
      },
      { once: true },
    );
  };

  // A connection may be dead without an error, after a notebook's sleep or a change of network.
  setInterval(() => {
    if (!source || source.readyState === EventSource.CLOSED || Date.now() - heard < SILENT_MS) return;
    source.close();
    say("shut");
    begin();
  }, LOOK_MS);
  others.onmessage = (event: MessageEvent<Word>) => hear(event.data);
  addEventListener("pageshow", (event) => {
    if (event.persisted) stand();
  });
  stand();
  tell("hello");
  return { open: () => open, leads: () => source !== null };
};
