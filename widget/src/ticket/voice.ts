/** The voice: each side presses "Talk"; both hear each other while both want to. */

import type { Peers } from "../live/peer";
import { level } from "../live/sound";
import type { State } from "../live/wire";
import { fill, find, write } from "../pages/page";

export type Voice = {
  heard: (state: State) => void;
  /** The customer wants to speak, or no longer does. */
  wanted: (on: boolean) => void;
  sound: (stream: MediaStream | null) => void;
  end: () => void;
};

export const voice = (peers: Peers): Voice => {
  const part = find("#voice") as HTMLElement;
  const button = find("#speak") as HTMLButtonElement;
  const words = find("#voice-words") as HTMLElement;
  const levels = find("#levels") as HTMLElement;
  const player = find("#sound-of-customer") as HTMLAudioElement;
  const can = Boolean(navigator.mediaDevices);
  let mine: MediaStream | null = null;
  let theirs: MediaStream | null = null;
  let wants = false;
  let failed = false;
  let quiet: (() => void)[] = [];

  const said = (): string => {
    const { problem, both, alone, wanted, customer } = words.dataset;
    if (failed) return problem ?? "";
    if (mine) return wants ? (both ?? "") : fill(alone, customer ?? "");
    return wants ? fill(wanted, customer ?? "") : "";
  };

  const meter = (id: string, stream: MediaStream): (() => void) =>
    level(stream, (loud) => {
      (find(id) as HTMLMeterElement).value = loud;
    });

  const show = (): void => {
    const text = said();
    part.hidden = !text;
    write(words, text);
    button.setAttribute("aria-pressed", String(Boolean(mine)));
    levels.hidden = !mine;
    for (const end of quiet) end();
    quiet = mine ? [meter("#my-level", mine), ...(theirs ? [meter("#their-level", theirs)] : [])] : [];
    player.srcObject = mine && wants ? theirs : null;
    if (player.srcObject) void player.play().catch(() => undefined);
  };

  const stop = (): void => {
    for (const track of mine?.getTracks() ?? []) track.stop();
    if (mine) peers.voice(null);
    mine = null;
  };

  const start = async (): Promise<void> => {
    failed = false;
    try {
      mine = await navigator.mediaDevices.getUserMedia({ audio: true });
      const [track] = mine.getAudioTracks();
      if (track) {
        track.onended = () => {
          stop();
          show();
        };
        peers.voice(track);
      }
    } catch {
      failed = true;
    }
  };

  button.addEventListener("click", async () => {
    if (mine) stop();
    else await start();
    show();
  });
  addEventListener("pagehide", stop);

  return {
    heard: ({ may_screen }) => {
      button.hidden = !can || !may_screen;
    },
    wanted: (on) => {
      wants = on;
      show();
    },
    sound: (stream) => {
      theirs = stream;
      show();
    },
    end: () => {
      stop();
      wants = false;
      theirs = null;
      failed = false;
      show();
    },
  };
};
