/** Joins the parts of a ticket's live session: what the server says goes to each of them. */

import { attach } from "../live/attach";
import { type Channel, openChannel } from "../live/channel";
import { tabShelf } from "../live/outbox";
import { type Peers, technicianPeers } from "../live/peer";
import type { Answer } from "../live/wire";
import { find } from "../pages/page";
import { browserFacts, type TechnicianState } from "./browser-facts";
import { news } from "./news";
import { screen } from "./screen";
import { talk } from "./talk";
import { SHOWS } from "./title";
import { voice } from "./voice";

const token = (): string => document.querySelector<HTMLInputElement>("input[name='csrf_token']")?.value ?? "";

export const session = (part: HTMLElement): void => {
  const base = part.dataset.base ?? "";
  let active = false;
  let first = true;
  void navigator.locks?.request(
    `${SHOWS}${part.dataset.number}`,
    { mode: "shared" },
    () => new Promise(() => undefined),
  );

  const ended = (): void => {
    active = false;
    peers.end();
    picture.end();
    speak.end();
  };

  const heard = (answer: Answer): void => {
    const { lines, signals } = answer;
    const state = answer.state as TechnicianState;
    // The lines of a page's first answer may be of an earlier session.
    if (!first && lines.some(({ kind }) => kind === "end")) ended();
    first = false;
    said.heard(answer);
    browserFacts(state);
    if (!state.may_screen && active) ended();
    picture.heard(state);
    speak.heard(state);
    if (state.may_screen && !active) {
      active = true;
      peers.begin();
    }
    for (const signal of signals) peers.take(signal);
  };

  const channel: Channel = openChannel({
    base,
    headers: (method): Record<string, string> => (method === "POST" ? { "X-CSRF-Token": token() } : {}),
    shelf: tabShelf(`handbell-tab unsent ${base}`),
    // Without locks, as over plain http, each page has its own stream.
    ...(navigator.locks ? { listen: news(Number(part.dataset.number)) } : {}),
    heard,
    sent: (line, id) => said.sent(line, id),
    refused: (line, why) => said.refused(line, why),
    trouble: (on) => said.trouble(on),
    over: () => {
      ended();
      said.over();
    },
  });
  const files = attach(() => ({ "X-CSRF-Token": token() }), channel.ask);
  const said = talk(part, channel, files);
  const peers: Peers = technicianPeers(channel, {
    path: (path) => picture.path(path),
    voice: (on) => speak.wanted(on),
    sound: (stream) => speak.sound(stream),
    picture: (stream) => picture.picture(stream),
  });
  const picture = screen(channel, peers, files);
  const speak = voice(peers);
  const acts = find("#session-acts");
  if (acts) acts.hidden = false;
};
