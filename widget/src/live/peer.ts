/** A page's WebRTC connections to the pages of the other side.
 *
 * The customer's page says `here`; a technician's page says `hello`, to it or to all of the customer's pages; the
 * customer's page then offers a fresh connection. Both feed every signal of their channel to `take`.
 *
 *     const peers = customerPeers(channel, heard);      // or technicianPeers
 *     peers.begin();                                    // when the session is active
 *     for (const signal of answer.signals) peers.take(signal);
 *     peers.video(track);                               // customer: to all, now and later; null stops
 *     peers.voice(track);                               // both: a microphone; null stops
 *     peers.note([MOVE, 0.5, 0.5]);                     // technician: the pointer, see pointer.ts
 *     peers.end();                                      // an `end` line came
 */

import type { Channel } from "./channel";
import { bodyOf, connect, isLost, type Link, type LinkHeard, type Path } from "./link";
import { type Note, SHOWING, VOICE } from "./pointer";
import type { Signal } from "./wire";

export type { Path } from "./link";

const MOST_LINKS = 2; // of a customer's page
const FRESH_MS = 5_000; // `here` and `hello` may cross: a second hello within this time is the same
const HELLO_AGAIN_MS = 10_000; // after a failure

export type PeersHeard = {
  /** The best path over all connections; null without a connection. */
  path: (path: Path | null) => void;
  /** The path to one page is found, or given up. */
  settled?: (to: string, path: Path) => void;
  /** The pointer: MOVE, PRESS or AWAY. */
  pointer?: (note: Note) => void;
  /** Someone on the other side wants to talk, or nobody does any more. */
  voice: (on: boolean) => void;
  /** What the other side says; play it only while this side talks too. */
  sound: (stream: MediaStream | null) => void;
  /** Technician: the picture of the page that shows something; null when none does. */
  picture?: (stream: MediaStream | null) => void;
};

export type Peers = {
  begin: () => void;
  take: (signal: Signal) => void;
  /** Customer: what is shown, to all pages now and later; null stops. */
  video: (track: MediaStreamTrack | null) => void;
  /** This side's microphone; null stops. It is sent while the other side wants to talk, too. */
  voice: (track: MediaStreamTrack | null) => void;
  note: (note: Note) => void;
  end: () => void;
};

type Meeting = { link: Link; voice: boolean; showing: boolean; video: MediaStream | null; audio: MediaStream | null };
type Make = (to: string, heard: LinkHeard) => Link;

const GOOD: Path[] = ["direct", "relay", "connecting", "failed", "no_relay"];

/** Connections by the id of the other page, and what all of them share. */
const meetings = (channel: Channel, heard: PeersHeard) => {
  const all = new Map<string, Meeting>();
  const tracks: Record<"video" | "audio", MediaStreamTrack | null> = { video: null, audio: null };
  let wanted = false;
  let sound: MediaStream | null = null;
  let picture: MediaStream | null = null;
  let known: Path | null = null;

  const show = (): void => {
    const every = [...all.values()].reverse();
    const best = GOOD.find((path) => every.some(({ link }) => link.path() === path)) ?? null;
    // What was lost stays so while it is tried again.
    if (!isLost(known) || (best && best !== "connecting")) known = best;
    heard.path(known);
    const talks = every.find((one) => one.voice);
    if (Boolean(talks) !== wanted) {
      wanted = Boolean(talks);
      heard.voice(wanted);
    }
    const audio = talks?.audio ?? null;
    if (audio !== sound) {
      sound = audio;
      heard.sound(sound);
    }
    const video = every.find((one) => one.showing)?.video ?? null;
    if (video !== picture) {
      picture = video;
      heard.picture?.(picture);
    }
  };

  const drop = (to: string, say = true): void => {
    all.get(to)?.link.close(say);
    all.delete(to);
    show();
  };

  /** A microphone is sent only to a page whose person wants to talk, too. */
  const speak = ({ link, voice }: Meeting): void => link.replace("audio", voice ? tracks.audio : null);

  const noted = (to: string, note: Note): void => {
    const meeting = all.get(to);
    if (!meeting) return;
    if (note[0] === VOICE) {
      meeting.voice = note[1] > 0;
      speak(meeting);
    }
    if (note[0] === SHOWING) meeting.showing = note[1] > 0;
    if (note[0] < VOICE) heard.pointer?.(note);
    show();
  };

  const settle = (to: string, path: Path): void => {
    if (path !== "connecting") heard.settled?.(to, path);
    show();
  };

  const meet = (to: string, make: Make): void => {
    drop(to);
    const link = make(to, {
      send: (kind, body) => void channel.signal(kind, body, to),
      path: (path) => settle(to, path),
      note: (note) => noted(to, note),
      open: () => {
        link.note([VOICE, tracks.audio ? 1 : 0, 0]);
        link.note([SHOWING, tracks.video ? 1 : 0, 0]);
      },
      track: (track) => {
        const meeting = all.get(to);
        if (!meeting) return;
        meeting[track.kind === "video" ? "video" : "audio"] = new MediaStream([track]);
        show();
      },
      ice: channel.ice,
    });
    all.set(to, { link, voice: false, showing: false, video: null, audio: null });
    if (tracks.video) link.replace("video", tracks.video);
    settle(to, link.path());
  };

  return {
    all,
    drop,
    meet,
    video: (track: MediaStreamTrack | null): void => {
      tracks.video = track;
      for (const { link } of all.values()) {
        link.replace("video", track);
        link.note([SHOWING, track ? 1 : 0, 0]);
      }
    },
    voice: (track: MediaStreamTrack | null): void => {
      tracks.audio = track;
      for (const meeting of all.values()) {
        speak(meeting);
        meeting.link.note([VOICE, track ? 1 : 0, 0]);
      }
    },
    note: (note: Note): void => {
      for (const { link } of all.values()) link.note(note);
    },
    end: (): void => {
      known = null;
      for (const to of [...all.keys()]) drop(to, false);
    },
  };
};

/** A page that is left ends its connections, and begins anew when the browser's back button shows it again. */
const withPage = (end: () => void, begin: () => void): void => {
  addEventListener("pagehide", end);
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) begin();
  });
};

export const customerPeers = (channel: Channel, heard: PeersHeard): Peers => {
  const told = new Set<string>();
  const settled = (to: string, path: Path): void => {
    if (told.has(to + path)) return; // a technician's page tries again and again
    told.add(to + path);
    void channel.sign("path", path);
  };
  const { all, drop, meet, video, voice, note, end } = meetings(channel, { ...heard, settled });
  let active = false;

  const hello = async (to: string): Promise<void> => {
    const known = all.get(to)?.link;
    // One that is being tried comes to an end by itself.
    if (known?.path() === "connecting") return;
    if (known && performance.now() - known.born < FRESH_MS) return;
    const ice = await channel.ice();
    if (!ice || !active) return;
    for (const oldest of [...all.keys()].filter((other) => other !== to).slice(0, all.size - MOST_LINKS + 1))
      drop(oldest);
    meet(to, (_to, link) => connect(ice, null, link));
  };

  let order: Promise<void> = Promise.resolve();
  const here = (): void => {
    if (active) void channel.signal("here", "", null);
  };
  withPage(end, here);
  return {
    begin: () => {
      active = true;
      here();
    },
    take: ({ from, kind, body }) => {
      if (!active) return;
      if (kind === "hello") order = order.then(() => hello(from));
      else if (kind === "bye") {
        const meeting = all.get(from);
        if (meeting && [undefined, meeting.link.id].includes(bodyOf(body)?.c)) drop(from);
      } else order = order.then(() => all.get(from)?.link.take(kind, body));
    },
    video,
    voice,
    note,
    end: () => {
      active = false;
      end();
    },
  };
};

export const technicianPeers = (channel: Channel, heard: PeersHeard): Peers => {
  let active = false;
  let again = 0;
  const hello = (to: string | null): void => {
    if (active) void channel.signal("hello", "", to);
  };
  const path = (now: Path | null): void => {
    heard.path(now);
    clearTimeout(again);
    if (isLost(now)) again = setTimeout(() => hello(null), HELLO_AGAIN_MS);
  };
  const { all, drop, meet, video, voice, note, end } = meetings(channel, { ...heard, path });

  const offered = async (from: string, text: string): Promise<void> => {
    const offer = bodyOf(text);
    if (!offer) return;
    if (all.get(from)?.link.id === offer.c) {
      all.get(from)?.link.take("offer", text);
      return;
    }
    const ice = await channel.ice();
    if (ice && active) meet(from, (_to, link) => connect(ice, offer, link));
  };

  let order: Promise<void> = Promise.resolve();
  withPage(end, () => hello(null));
  return {
    begin: () => {
      active = true;
      hello(null);
    },
    take: ({ from, kind, body }) => {
      if (!active) return;
      if (kind === "here") hello(from);
      else if (kind === "bye") {
        const meeting = all.get(from);
        if (meeting && [undefined, meeting.link.id].includes(bodyOf(body)?.c)) drop(from);
      } else if (kind === "offer") order = order.then(() => offered(from, body));
      else order = order.then(() => all.get(from)?.link.take(kind, body));
    },
    video,
    voice,
    note,
    end: () => {
      active = false;
      clearTimeout(again);
      end();
    },
  };
};
