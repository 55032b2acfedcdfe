/** The conversation: its lines, the field, and what tells of news. */

import { attach } from "../live/attach";
import type { Channel } from "../live/channel";
import { kept } from "../live/kept";
import { openLog } from "../live/log";
import { tabShelf, type Unsent } from "../live/outbox";
import { ring, wake } from "../live/sound";
import type { Answer, State } from "../live/wire";
import { notify, offerNotice } from "../pages/call";
import { fill, find, say, write, written } from "../pages/page";

const SOUND = "handbell-sound";

export type Talk = {
  heard: (answer: Answer) => void;
  sent: (line: Unsent, id: number) => void;
  refused: (line: Unsent, why: string) => void;
  trouble: (on: boolean) => void;
};

/** The title counts what came while the page was not looked at. */
const counted = (): { more: (count: number) => void; seen: () => void } => {
  let count = 0;
  const bare = (): string => document.title.replace(/^\(\d+\) /, "");
  return {
    more: (fresh) => {
      count += fresh;
      document.title = `(${count}) ${bare()}`;
    },
    seen: () => {
      if (count) document.title = bare();
      count = 0;
    },
  };
};

/** Whether the customer wants a sound; remembered in this browser. */
const soundWanted = (): (() => boolean) => {
  const input = find("#sound") as HTMLInputElement | null;
  const label = input?.closest("label");
  if (!input || !label) return () => false;
  label.hidden = false;
  try {
    input.checked = localStorage.getItem(SOUND) === "1";
  } catch {
    // The browser stores nothing.
  }
  const enable = (): void => {
    if (input.checked) wake();
  };
  input.addEventListener("change", () => {
    enable();
    if (input.checked) ring();
    try {
      localStorage.setItem(SOUND, input.checked ? "1" : "");
    } catch {
      // It is on in this page only.
    }
  });
  for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, enable, { passive: true });
  return () => input.checked;
};

const othersWords = (
  other: HTMLElement,
  { ticket, helper, other: side }: State,
  away: boolean,
  name: string,
): string | undefined => {
  const { dataset } = other;
  if (away) return dataset.away;
  if (ticket === "waiting" && !helper) return dataset.nobody;
  return fill(side.typing ? dataset.typing : dataset[side.here], name);
};

export const talk = (main: HTMLElement, channel: Channel, base: string): Talk => {
  const box = find("#log") as HTMLElement;
  const form = find("#writing") as HTMLFormElement;
  const field = find("#message") as HTMLTextAreaElement;
  const problem = find("#message-problem") as HTMLElement;
  const newer = find("#newer") as HTMLElement;
  const other = find("#other") as HTMLElement;
  const draft = tabShelf(`handbell-draft ${base}`);
  const title = counted();
  const wantsSound = soundWanted();
  offerNotice();
  const dings = (): void => {
    if (wantsSound()) ring();
  };
  let state: State | undefined;
  let away = false;
  let last = 0;
  let first = true;

  const log = openLog(box, {
    list: box.querySelector(".lines") as HTMLElement,
    file: kept(box, base),
    below: (count) => {
      newer.hidden = !count;
      if (count) write(newer, fill(newer.dataset.words, written(count)));
    },
  });
  newer.addEventListener("click", () => {
    log.toEnd();
    box.focus();
  });
  const files = attach(() => ({}), channel.ask);

  const showOther = (): void => {
    if (state) write(other, othersWords(other, state, away, state.helper ?? main.dataset.someone ?? ""));
  };
  const complain = (words: string | undefined): void => {
    problem.hidden = !words;
    write(problem, words);
  };
  const keepDraft = (): void => draft.write(field.value.trim() ? field.value : "");
  const put = (text: string): void => {
    field.value = text;
    field.dispatchEvent(new Event("input")); // for the counter
    keepDraft();
  };

  const seen = (): void => {
    if (document.hidden || !document.hasFocus()) return;
    title.seen();
    channel.read(last);
  };

  const send = (): void => {
    const text = field.value.trim();
    if (!text) return;
    if ([...text].length > Number(field.dataset.limit)) {
      complain(problem.dataset.tooLong);
      return;
    }
    complain("");
    put("");
    const key = channel.say(text);
    log.pending({ key, kind: "say", body: text });
    log.toEnd();
    field.focus();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  const keyboard = matchMedia("(pointer: fine)");
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !keyboard.matches) return;
    event.preventDefault();
    form.requestSubmit();
  });
  field.addEventListener("input", (event) => {
    keepDraft();
    if (event.isTrusted && field.value.trim() && state?.ticket === "active") channel.typing();
  });
  for (const sign of ["focus", "pointerdown"]) addEventListener(sign, seen);
  document.addEventListener("visibilitychange", seen);

  if (!field.value) put(draft.read() ?? "");
  for (const line of channel.waiting()) if (line.kind === "say") log.pending(line);

  const news = (count: number): void => {
    if (!count) return;
    if (document.hidden || !document.hasFocus()) {
      title.more(count);
      dings();
    }
  };

  return {
    heard: ({ lines, state: now }) => {
      const begins = state?.ticket === "waiting" && now.ticket === "active";
      state = now;
      files.allow(now.may_write);
      log.add(lines);
      log.read(now.other.read);
      last = lines.at(-1)?.id ?? last;
      if (!first) news(lines.filter((line) => !line.mine && (line.file || log.words(line))).length);
      if (begins) {
        dings();
        notify(now.helper ? fill(main.dataset.with, now.helper) : (main.dataset.joined ?? ""));
      }
      first = false;
      seen();
      showOther();
    },
    sent: ({ key }, id) => log.sent(key, id),
    refused: (line, why) => {
      log.drop(line.key);
      if (line.kind !== "say") return;
      put(field.value ? `${line.body}\n${field.value}` : line.body);
      complain(why === "too_long" ? problem.dataset.tooLong : problem.dataset.refused);
    },
    trouble: (on) => {
      away = on;
      log.trouble(on);
      if (on) say(other.dataset.away ?? "");
      showOther();
    },
  };
};
