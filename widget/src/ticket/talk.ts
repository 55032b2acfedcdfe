/** The conversation: its lines, the field, who is there, and what tells of news. */

import { isOn, useSwitch } from "../console/switches";
import type { Attach } from "../live/attach";
import type { Channel } from "../live/channel";
import { kept } from "../live/kept";
import { clock, openLog } from "../live/log";
import type { Unsent } from "../live/outbox";
import { ring, wake } from "../live/sound";
import type { Answer, Line, Other, State } from "../live/wire";
import { fill, find, write, written } from "../pages/page";
import { readyAnswers } from "./ready";
import { titleCount } from "./title";

export type Talk = {
  heard: (answer: Answer) => void;
  sent: (line: Unsent, id: number) => void;
  refused: (line: Unsent, why: string) => void;
  trouble: (on: boolean) => void;
  /** The page may not use the conversation any more. */
  over: () => void;
};

const otherWords = ({ dataset }: HTMLElement, { here, since, typing }: Other): string => {
  const name = dataset.customer ?? "";
  if (typing) return fill(dataset.typing, name);
  if (here !== "gone") return fill(dataset[here], name);
  if (!since) return fill(dataset.never, name);
  return (dataset.gone ?? "").replace("{name}", () => name).replace("{time}", () => clock(new Date(since)));
};

const isNews = ({ who, kind }: Line): boolean => who === "customer" && (kind === "say" || kind === "file");

/** Enables sound, which browsers allow only after an action of the user in the page. */
const soundSwitch = (): void => {
  const label = find(".sound");
  if (label) label.hidden = false;
  const enable = (): void => {
    if (isOn("sound")) wake();
  };
  useSwitch("sound", enable);
  for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, enable, { passive: true });
};

export const talk = (part: HTMLElement, channel: Channel, files: Attach): Talk => {
  const box = find("#log") as HTMLElement;
  const list = box.querySelector<HTMLElement>(".lines") as HTMLElement;
  // A reader who can neither write nor join has no field: this one is not in the page.
  const form = (find("#say-form") ?? document.createElement("form")) as HTMLFormElement;
  const field = form.querySelector("textarea") ?? document.createElement("textarea");
  const newer = find("#newer") as HTMLButtonElement;
  const problem = find("#talk-problem") as HTMLElement;
  const other = find("#other") as HTMLElement;
  const join = find("#join") as HTMLButtonElement;
  const leave = find("#leave") as HTMLButtonElement;
  const mayJoin = part.dataset.supervisor !== undefined;
  const owns = part.dataset.owner !== undefined;
  const title = titleCount();
  let newest = 0;
  let first = true;
  let troubled = false;

  const log = openLog(box, {
    list,
    file: kept(box, part.dataset.base ?? ""),
    below: (count) => {
      newer.hidden = !count;
      if (count) newer.textContent = fill(newer.dataset.many, written(count));
    },
  });

  const complain = (why: string): void => {
    const words = why ? (problem.getAttribute(`data-${why.replaceAll("_", "-")}`) ?? problem.dataset.other ?? "") : "";
    problem.hidden = words === "";
    write(problem, words);
  };

  const looksAt = (): boolean => document.visibilityState === "visible" && Boolean(newer.hidden);
  const seen = (): void => {
    if (!newest || !looksAt()) return;
    title.show(0);
    channel.read(newest);
  };

  const keepDraft = (): void => {
    field.dispatchEvent(new Event("input")); // console/drafts.ts keeps what is in the field
  };

  const send = (): void => {
    const text = field.value.trim();
    if (!text) return;
    complain(troubled ? "away" : "");
    const key = channel.say(field.value);
    log.pending({ key, kind: "say", body: text });
    write(find("#nothing-said"), "");
    field.value = "";
    keepDraft();
    grow();
    log.toEnd();
  };

  /** The field is as high as its text. */
  const grow = (): void => {
    field.style.blockSize = "auto";
    if (field.value) field.style.blockSize = `${field.scrollHeight + 2}px`;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    send();
    field.focus();
  });
  const ready = form.isConnected ? readyAnswers(field, `${part.dataset.base}/answers`, grow) : null;
  field.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || ready?.takes(event) || event.key !== "Enter" || event.isComposing) return;
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    send();
  });
  field.addEventListener("input", (event) => {
    grow();
    if (event.isTrusted && field.value) channel.typing();
  });
  problem.role = "alert";
  field.required = false; // what is empty is not sent, and needs no complaint
  const hint = find("#message-keys");
  if (hint) hint.hidden = false;
  newer.addEventListener("click", () => {
    log.toEnd();
    box.focus();
    seen();
  });
  box.addEventListener("scroll", seen, { passive: true });
  document.addEventListener("visibilitychange", seen);
  addEventListener("focus", seen);
  join.addEventListener("click", () => void channel.say("joined", "mark"));
  leave.addEventListener("click", () => void channel.say("left", "mark"));
  soundSwitch();
  for (const line of channel.waiting()) if (line.kind === "say") log.pending(line);

  const showState = (state: State): void => {
    form.hidden = !state.may_write;
    files.allow(state.may_write);
    const button = find("#attaching");
    if (button) button.hidden = false;
    const cannot = find("#cannot-write");
    if (cannot) cannot.hidden = state.may_write;
    const active = state.ticket === "active";
    join.hidden = !(mayJoin && active && !state.mine);
    leave.hidden = !(mayJoin && active && state.mine && !owns);
    write(other, ["waiting", "active"].includes(state.ticket) ? otherWords(other, state.other) : "");
    other.dataset.here = state.other.here;
    log.read(state.other.read);
  };

  return {
    heard: ({ lines, state }) => {
      log.add(lines);
      const nothing = find("#nothing-said");
      if (nothing) nothing.hidden = log.lines().length > 0 || channel.waiting().length > 0;
      newest = lines.at(-1)?.id ?? newest;
      showState(state);
      const fresh = !first && lines.some(isNews);
      first = false;
      if (fresh && isOn("sound") && !document.hasFocus()) ring();
      if (looksAt()) seen();
      else title.show(state.unread);
    },
    sent: ({ key }, id) => log.sent(key, id),
    refused: (line, why) => {
      log.drop(line.key);
      if (line.kind === "say") {
        field.value = [line.body, field.value].filter(Boolean).join("\n");
        keepDraft();
        grow();
        complain(why);
      } else channel.ask();
    },
    trouble: (on) => {
      troubled = on;
      log.trouble(on);
      complain(on ? "away" : "");
    },
    over: () => {
      form.hidden = true;
      write(other, "");
    },
  };
};
