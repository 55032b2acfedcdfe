/** Lines that are not acknowledged yet: sent one by one, in order, again and again with the same key, also after a
 * reload. The server stores each key once, so a line is never there twice.
 */

const SLOWEST_MS = 15_000;

export type Unsent = { key: string; kind: string; body: string };

/** The storage of unsent lines while the page is reloaded, such as an entry of sessionStorage. */
export type Shelf = { read: () => string | null; write: (text: string) => void };

/** The result of one try. `wait`: milliseconds until the next try. `refused`: why it will never be taken. */
export type Tried = { id: number } | { wait: number | null } | { refused: string };

export type Outbox = {
  add: (line: Unsent) => void;
  /** Tries now, for example when the network is back. */
  hurry: () => void;
  waiting: () => readonly Unsent[];
};

export type OutboxHeard = {
  send: (line: Unsent) => Promise<Tried>;
  /** The line is on the server's disk, under this id. */
  sent: (line: Unsent, id: number) => void;
  refused: (line: Unsent, why: string) => void;
  /** The last try failed, or succeeded again. */
  trouble: (on: boolean) => void;
};

const isUnsent = (value: unknown): value is Unsent => {
  const line = value as Partial<Unsent> | null;
  return typeof line?.key === "string" && typeof line.kind === "string" && typeof line.body === "string";
};

const readFrom = (shelf: Shelf): Unsent[] => {
  try {
    const found: unknown = JSON.parse(shelf.read() ?? "[]");
    return Array.isArray(found) ? found.filter(isUnsent) : [];
  } catch {
    return [];
  }
};

/** The shelf of this tab under `name`; one that forgets where the browser stores nothing. */
export const tabShelf = (name: string): Shelf => ({
  read: () => {
    try {
      return sessionStorage.getItem(name);
    } catch {
      return null;
    }
  },
  write: (text) => {
    try {
      if (text) sessionStorage.setItem(name, text);
      else sessionStorage.removeItem(name);
    } catch {
      // The browser stores nothing: the text is only in the page.
    }
  },
});

export const openOutbox = (shelf: Shelf, heard: OutboxHeard): Outbox => {
  let lines = readFrom(shelf);
  let sending = false;
  let failed = 0;
  let timer = 0;

  const keep = (now: Unsent[]): void => {
    lines = now;
    shelf.write(lines.length ? JSON.stringify(lines) : "");
  };

  const settle = (line: Unsent, tried: Tried): number => {
    if ("wait" in tried) {
      failed += 1;
      heard.trouble(true);
      return tried.wait ?? Math.min(1_000 * 2 ** (failed - 1), SLOWEST_MS);
    }
    keep(lines.filter((other) => other !== line));
    if (failed) heard.trouble(false);
    failed = 0;
    if ("id" in tried) heard.sent(line, tried.id);
    else heard.refused(line, tried.refused);
    return 0;
  };

  const next = async (): Promise<void> => {
    clearTimeout(timer);
    const [line] = lines;
    if (!line || sending) return;
    sending = true;
    const wait = settle(line, await heard.send(line));
    sending = false;
    if (wait) timer = setTimeout(next, wait);
    else void next();
  };

  void Promise.resolve().then(next); // after the page has what it needs to hear of them
  return {
    add: (line) => {
      keep([...lines, line]);
      if (lines.length === 1 || !failed) void next();
    },
    hurry: () => void next(),
    waiting: () => lines,
  };
};
