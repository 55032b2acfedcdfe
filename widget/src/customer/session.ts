/** Joins the parts of an open session: what the server says goes to each of them. */

import { type Channel, openChannel } from "../live/channel";
import { tabShelf } from "../live/outbox";
import { customerPeers, type Peers } from "../live/peer";
import type { Answer } from "../live/wire";
import { facts } from "./facts";
import { outlook } from "./outlook";
import { place } from "./place";
import { screen } from "./screen";
import { talk } from "./talk";
import { voice } from "./voice";

const OPEN = ["waiting", "active"];

export const session = (main: HTMLElement, base: string): void => {
  let active = false;
  let told = false;
  let first = true;
  let channel: Channel;
  let peers: Peers;

  const leave = (): void => {
    channel.close();
    location.replace(base);
  };

  const ended = (): void => {
    active = false;
    show.end();
    speak.end();
    peers.end();
  };

  const heard = (answer: Answer): void => {
    const { lines, signals, state } = answer;
    // The lines of a page's first answer may be of an earlier session.
    const begun = !first;
    if (begun && lines.some(({ kind }) => kind === "end")) ended();
    first = false;
    if (!OPEN.includes(state.ticket)) {
      ended();
      leave();
      return;
    }
    said.heard(answer);
    place(main, state);
    outlook(base, state.outlook ?? "");
    const name = state.helper ?? main.dataset.someone ?? "";
    show.heard(state, name, begun ? lines.filter(({ kind }) => kind === "screen") : []);
    speak.heard(state, name);
    if (state.ticket === "active" && !active) {
      active = true;
      peers.begin();
    }
    for (const signal of signals) peers.take(signal);
    if (active && !told) {
      told = true;
      void facts().then((known) => channel.sign("facts", JSON.stringify(known)));
    }
  };

  channel = openChannel({
    base,
    shelf: tabShelf(`handbell-unsent ${base}`),
    heard,
    sent: (line, id) => said.sent(line, id),
    refused: (line, why) => said.refused(line, why),
    trouble: (on) => said.trouble(on),
    over: leave,
  });
  const said = talk(main, channel, base);
  peers = customerPeers(channel, {
    path: (path) => show.path(path),
    pointer: (note) => show.pointer(note),
    voice: (on) => speak.wanted(on),
    sound: (stream) => speak.sound(stream),
  });
  const show = screen(channel, peers, base);
  const speak = voice(peers);
};
