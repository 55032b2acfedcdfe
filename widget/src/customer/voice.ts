/** Voice: both press "Talk", and only then anything is heard. */

import type { Peers } from "../live/peer";
import { level } from "../live/sound";
import type { State } from "../live/wire";
import { fill, find, write } from "../pages/page";

export type Voice = {
  heard: (state: State, name: string) => void;
  /** The other side pressed "Talk", or stopped. */
  wanted: (on: boolean) => void;
  sound: (stream: MediaStream | null) => void;
  end: () => void;
};

export const voice = (peers: Peers): Voice => {
  const part = find("#voice") as HTMLElement;
  const now = find("#voice-now") as HTMLElement;
  const talk = find("#talk") as HTMLButtonElement;
  const mute = find("#mute") as HTMLButtonElement;
  const hangUp = find("#hang-up") as HTMLButtonElement;
  const levels = find("#levels") as HTMLElement;
  const player = find("#heard") as HTMLAudioElement;
  const meter = (id: string) => find(id) as HTMLMeterElement;
  let own: MediaStream | null = null;
  let theirs: MediaStream | null = null;
  let wanted = false;
  let refused = false;
  let name = "";
  let stops: (() => void)[] = [];

  const words = (): string => {
    if (!own) return refused ? "refused" : wanted ? "wanted" : "off";
    if (!wanted) return "waits";
    return own.getAudioTracks()[0]?.enabled ? "on" : "muted";
  };

  const measure = (stream: MediaStream, id: string): void => {
    stops.push(
      level(stream, (loud) => {
        meter(id).value = loud;
      }),
    );
  };

  /** Plays and measures only while both want to talk. */
  const connect = (): void => {
    for (const stop of stops) stop();
    stops = [];
    const both = own && wanted ? theirs : null;
    if (player.srcObject !== both) player.srcObject = both;
    if (own) measure(own, "#own-level");
    if (!both) return;
    void player.play().catch(() => undefined);
    measure(both, "#other-level");
  };

  const show = (): void => {
    write(now, fill(now.dataset[words()], name));
    now.classList.toggle("notice", wanted && !own);
    talk.hidden = Boolean(own);
    mute.hidden = !own;
    hangUp.hidden = !own;
    levels.hidden = !own;
    mute.setAttribute("aria-pressed", String(words() === "muted"));
  };

  const end = (): void => {
    for (const track of own?.getTracks() ?? []) track.stop();
    own = null;
    peers.voice(null);
    connect();
    show();
  };

  talk.addEventListener("click", async () => {
    try {
      own = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
      refused = false;
      const [track = null] = own.getAudioTracks();
      if (track) track.onended = end;
      peers.voice(track);
    } catch {
      refused = true;
    }
    connect();
    show();
    if (own) mute.focus();
  });
  mute.addEventListener("click", () => {
    const track = own?.getAudioTracks()[0];
    if (track) track.enabled = !track.enabled;
    show();
  });
  hangUp.addEventListener("click", () => {
    end();
    talk.focus();
  });
  addEventListener("pagehide", end);

  return {
    heard: (state, helper) => {
      name = helper;
      part.hidden = state.ticket !== "active" || !navigator.mediaDevices;
      write(find("#other-name"), name);
      show();
    },
    wanted: (on) => {
      wanted = on;
      connect();
      show();
    },
    sound: (stream) => {
      theirs = stream;
      connect();
    },
    end,
  };
};
