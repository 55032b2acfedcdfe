/** The conversation as a page shows it: each line appended as text, never as HTML.
 *
 * The page has `<div role="log" aria-relevant="additions" tabindex="0"><ol class="lines"></ol></div>` and words in its
 * language as attributes of that element:
 *
 *     data-you, data-desk             who wrote, for lines without a name
 *     data-sending, data-unsent,      the state of one's own newest line
 *     data-delivered, data-read
 *     data-<kind>-<body>              sentences for facts, such as data-screen-shared-monitor and data-end-closed;
 *     data-my-<kind>-<body>           the same for one's own; `{name}` is the name of the line's person
 *
 * A fact without a sentence is not shown. Lines that are already in the list, for pages without script, are replaced
 * by the first answer; only what comes after that is announced by screen readers.
 */

import { language } from "../pages/page";
import type { Unsent } from "./outbox";
import type { Line } from "./wire";

const NEAR_PX = 48;
const TOGETHER_MS = 300_000; // lines of one person within this time show the name once

export type LogOptions = {
  list: HTMLElement;
  /** The element of a line with a file; without it the file's name is shown. */
  file?: (line: Line) => HTMLElement;
  /** Lines appeared that the person has not seen yet, as they have scrolled up. */
  below?: (count: number) => void;
};

export type Log = {
  /** Adds new lines; the first call also removes what the page came with. */
  add: (lines: readonly Line[]) => void;
  /** Shows a line that is not acknowledged yet. */
  pending: (line: Unsent) => void;
  /** The server has it under this id. */
  sent: (key: string, id: number) => void;
  /** Removes a line that was refused. */
  drop: (key: string) => void;
  /** Whether unsent lines are "not sent yet" rather than "sending". */
  trouble: (on: boolean) => void;
  /** The other side has seen the lines up to this id. */
  read: (upTo: number) => void;
  /** All lines so far, for keeping them. */
  lines: () => readonly Line[];
  /** The sentence, or the text, of a line; empty for facts without one. */
  words: (line: Line) => string;
  toEnd: () => void;
};

/** One's own line; `id` is null until the server has acknowledged it. */
type Own = { item: HTMLElement; state: HTMLElement; id: number | null };

const make = (name: string, shape: string, text = ""): HTMLElement => {
  const element = document.createElement(name);
  if (shape) element.className = shape;
  element.textContent = text;
  return element;
};

export const clock = (at: Date): string => at.toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit" });

const DAY_MS = 86_400_000;

/** "today", "yesterday", or the date. */
const day = (at: Date): string => {
  const past = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY_MS);
  if (past < 2) return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(-past, "day");
  return at.toLocaleDateString(language(), { weekday: "long", day: "numeric", month: "long" });
};

/** The sentence of a fact in this page's language, from the log's attributes; "" when it has none. */
export const sentence = (log: HTMLElement, { kind, body, mine, name }: Line): string => {
  const fact = `${kind}${body && kind !== "file" ? `-${body.replaceAll(":", "-").replaceAll("_", "-")}` : ""}`;
  const said = (mine && log.getAttribute(`data-my-${fact}`)) || log.getAttribute(`data-${fact}`) || "";
  return said.replace("{name}", () => name ?? log.dataset.desk ?? "");
};

export const openLog = (log: HTMLElement, { list, file, below }: LogOptions): Log => {
  const words = log.dataset;
  const known: Line[] = [];
  const own = new Map<string, Own>();
  let newest: Own | undefined;
  let before: Line | undefined;
  let fresh = true;
  let troubled = false;
  let readUpTo = 0;
  let unseen = 0;

  const textOf = (line: Line): string => (line.kind === "say" ? line.body : sentence(log, line));
  const who = ({ mine, name, who: side }: Line): string =>
    (mine ? words.you : name) ?? (side === "customer" ? words.customer : words.desk) ?? "";

  const atEnd = (): boolean => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
  const toEnd = (): void => {
    log.scrollTop = log.scrollHeight;
    unseen = 0;
    below?.(0);
  };
  log.addEventListener(
    "scroll",
    () => {
      if (!unseen || !atEnd()) return;
      unseen = 0;
      below?.(0);
    },
    { passive: true },
  );

  const place = (item: HTMLElement): void => {
    list.insertBefore(item, list.querySelector(":scope > [data-pending]"));
  };

  const stateOf = ({ id }: Own): string => {
    if (id === null) return (troubled ? words.unsent : words.sending) ?? "";
    return (id <= readUpTo ? words.read : words.delivered) ?? "";
  };

  /** Only the newest acknowledged line, and those that are not, show their state. */
  const showStates = (): void => {
    for (const one of own.values()) {
      const text = one.id === null || one === newest ? stateOf(one) : "";
      if (one.state.textContent !== text) one.state.textContent = text;
    }
  };

  const dated = (at: Date): HTMLElement => {
    const time = document.createElement("time");
    time.dateTime = at.toISOString();
    time.textContent = clock(at);
    return time;
  };

  const spoken = (line: Line, text: string): HTMLElement => {
    const at = new Date(line.at);
    const item = make("li", line.mine ? "mine" : "theirs");
    const same =
      before?.kind === line.kind &&
      who(before) === who(line) &&
      at.getTime() - new Date(before.at).getTime() < TOGETHER_MS;
    const name = make("b", line.mine || same ? "unseen" : "from", who(line));
    name.dir = "auto";
    const said = line.kind === "file" && file ? file(line) : make("p", "said", text || line.body);
    said.dir = "auto";
    const when = make("p", "when");
    when.append(dated(at));
    if (line.mine) {
      const one: Own = { item, state: make("span", "state"), id: line.id || null };
      when.append(" ", one.state);
      own.set(line.key ?? String(line.id), one);
      if (one.id) newest = one;
    }
    item.append(name, said, when);
    return item;
  };

  const fact = (line: Line, text: string): HTMLElement => {
    const item = make("li", `fact ${line.kind}`);
    const said = make("p", "", text);
    said.append(" ", dated(new Date(line.at)));
    item.append(said);
    return item;
  };

  const addDay = (line: Line): void => {
    const at = new Date(line.at);
    if (before && new Date(before.at).toDateString() === at.toDateString()) return;
    if (!before && at.toDateString() === new Date().toDateString()) return; // of today, as one would think
    place(make("li", "day", day(at)));
  };

  /** Turns the shown unsent line into one of the conversation, in its place, so that it is not announced twice. */
  const settle = (line: Line): boolean => {
    const one = line.key ? own.get(line.key) : undefined;
    if (!one?.item.dataset.pending) return false;
    const isNext = one.item === list.querySelector(":scope > [data-pending]");
    if (!isNext) place(one.item);
    delete one.item.dataset.pending;
    one.item.dataset.line = String(line.id);
    one.item.querySelector("time")?.replaceWith(dated(new Date(line.at)));
    one.id = line.id;
    newest = one;
    return true;
  };

  const addOne = (line: Line): boolean => {
    const text = textOf(line);
    const speaks = line.kind === "say" || line.kind === "file";
    if (!text && !speaks) return false;
    addDay(line);
    if (!settle(line)) {
      const item = speaks ? spoken(line, text) : fact(line, text);
      item.dataset.line = String(line.id);
      place(item);
    }
    before = line;
    return true;
  };

  const pending = (line: Unsent): void => {
    const at = new Date().toISOString();
    const stays = atEnd();
    const item = spoken({ ...line, id: 0, at, who: "customer", name: null, mine: true, file: null }, line.body);
    item.dataset.pending = "1";
    list.append(item);
    showStates();
    if (stays) toEnd();
  };

  return {
    add: (lines) => {
      const stays = fresh || atEnd();
      if (fresh) for (const old of list.querySelectorAll(":scope > :not([data-pending])")) old.remove();
      if (fresh) log.setAttribute("aria-live", "off");
      known.push(...lines);
      const added = lines.filter(addOne);
      showStates();
      if (fresh) setTimeout(() => log.removeAttribute("aria-live"), 1_000);
      fresh = false;
      if (stays || added.some((line) => line.mine)) toEnd();
      else if (added.length) {
        unseen += added.length;
        below?.(unseen);
      }
    },
    pending,
    sent: (key, id) => {
      const one = own.get(key);
      if (!one || one.id) return;
      one.id = id;
      newest = one;
      showStates();
    },
    drop: (key) => {
      own.get(key)?.item.remove();
      own.delete(key);
    },
    trouble: (on) => {
      troubled = on;
      showStates();
    },
    read: (upTo) => {
      if (upTo <= readUpTo) return;
      readUpTo = upTo;
      showStates();
    },
    lines: () => known,
    words: textOf,
    toEnd,
  };
};
