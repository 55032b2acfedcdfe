/** The customer's screen: asked for by one press, seen above the conversation, with a pointer that the customer sees. */

import type { Attach } from "../live/attach";
import type { Channel } from "../live/channel";
import { isLost } from "../live/link";
import type { Path, Peers } from "../live/peer";
import { AWAY, MOVE, PRESS } from "../live/pointer";
import type { State } from "../live/wire";
import { find, write } from "../pages/page";

const STEP = 0.02; // of the picture, for each press of an arrow key

export type Screen = {
  heard: (state: State) => void;
  path: (path: Path | null) => void;
  picture: (stream: MediaStream | null) => void;
  /** The session is over, or belongs to a colleague. */
  end: () => void;
};

type Place = { x: number; y: number };

const ARROWS: Record<string, Place> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};

/** How the screen stands once a line of this kind is taken. */
const SAID: Record<string, State["screen"]> = { asked: "asked", screen: "stopped" };

const within = (share: number): number => Math.min(1, Math.max(0, share));

/** The pointer over the picture, by mouse, pen or arrow keys. */
const pointing = (peers: Peers, view: HTMLElement, picture: HTMLElement, isFit: () => boolean): (() => void) => {
  const mark = find("#my-pointer") as HTMLElement;
  const input = find("#point") as HTMLInputElement;
  let at: Place = { x: 0.5, y: 0.5 };

  const away = (): void => {
    if (!mark.hidden) peers.note([AWAY, 0, 0]);
    mark.hidden = true;
  };
  const place = (to: Place, shown: boolean): void => {
    at = { x: within(to.x), y: within(to.y) };
    mark.style.left = `${at.x * 100}%`;
    mark.style.top = `${at.y * 100}%`;
    mark.hidden = !shown;
    peers.note([MOVE, at.x, at.y]);
  };
  const press = (): void => {
    mark.classList.remove("press");
    void mark.offsetWidth; // begins the animation anew
    mark.classList.add("press");
    peers.note([PRESS, at.x, at.y]);
  };
  const under = ({ clientX, clientY }: MouseEvent): Place => {
    const { left, top, width, height } = picture.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  };

  picture.addEventListener("pointermove", (event) => {
    if (input.checked) place(under(event), true);
  });
  picture.addEventListener("pointerleave", away);
  picture.addEventListener("click", (event) => {
    if (!input.checked) return;
    place(under(event), true);
    press();
  });
  view.addEventListener("keydown", (event) => {
    if (event.target !== view || !input.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = ARROWS[event.key];
    if (step && isFit()) place({ x: at.x + step.x, y: at.y + step.y }, true);
    else if (event.key === "Enter") press();
    else return;
    event.preventDefault();
  });
  view.addEventListener("blur", away);
  input.addEventListener("change", away);
  return away;
};

const stillOf = (video: HTMLVideoElement): HTMLCanvasElement => {
  const still = document.createElement("canvas");
  still.width = video.videoWidth;
  still.height = video.videoHeight;
  still.getContext("2d")?.drawImage(video, 0, 0);
  return still;
};

/** Pictures of what the customer shows: kept as they are, or drawn on. The customer sees each of them as a line. */
const pictures = (video: HTMLVideoElement, files: Attach): { end: () => void } => {
  const [keep, marks] = [find("#snapshot") as HTMLButtonElement, find("#draw") as HTMLButtonElement];
  const dialog = find("#drawing") as HTMLDialogElement;
  const send = (picture: Blob | null, source: string): void => {
    const clock = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
    if (picture) files.add([new File([picture], `screen-${clock}.png`)], source);
  };
  keep.addEventListener("click", () => stillOf(video).toBlob((picture) => send(picture, "snapshot")));
  marks.addEventListener("click", async () => {
    const still = stillOf(video);
    const { draw } = (await import(dialog.dataset.script ?? "")) as typeof import("./draw");
    if (!dialog.open) draw(dialog, still, (picture) => send(picture, "drawing"));
  });
  const allow = (on: boolean): void => {
    keep.hidden = marks.hidden = !on;
  };
  video.addEventListener("loadeddata", () => allow(Boolean(video.srcObject)));
  video.addEventListener("emptied", () => allow(false));
  return {
    end: () => {
      if (dialog.open) dialog.close();
    },
  };
};

export const screen = (channel: Channel, peers: Peers, files: Attach): Screen => {
  const part = find("#screen") as HTMLElement;
  const view = find("#view") as HTMLElement;
  const video = find("#video") as HTMLVideoElement;
  const ask = find("#ask") as HTMLButtonElement;
  const asked = find("#asked") as HTMLElement;
  const words = find("#screen-words") as HTMLElement;
  const pathWords = find("#screen-path") as HTMLElement;
  const stop = find("#stop-viewing") as HTMLButtonElement;
  const [fit, full] = [find("#fit") as HTMLButtonElement, find("#full-size") as HTMLButtonElement];
  const whole = find("#full-screen") as HTMLButtonElement;
  let state: State | undefined;
  let stream: MediaStream | null = null;
  let path: Path | null = null;

  const still = pictures(video, files);
  const away = pointing(peers, view, find("#picture") as HTMLElement, () => !part.classList.contains("one-to-one"));

  const show = (): void => {
    const isShared = state?.screen === "shared" && state.may_screen;
    const wasHidden = part.hidden;
    part.hidden = !isShared;
    document.body.classList.toggle("sees-screen", isShared);
    const seen = isShared ? stream : null;
    if (video.srcObject !== seen) video.srcObject = seen;
    if (seen) void video.play().catch(() => undefined);
    else away();
    write(words, stream ? "" : (words.dataset.waiting ?? ""));
    write(pathWords, isShared ? (pathWords.getAttribute(`data-${path ?? "connecting"}`) ?? "") : "");
    pathWords.classList.toggle("problem", isLost(path));
    ask.hidden = !state?.may_screen || isShared || state.screen === "asked";
    asked.hidden = !state?.may_screen || state.screen !== "asked";
    if (wasHidden && isShared) part.scrollIntoView({ block: "nearest" });
  };

  const size = (oneToOne: boolean): void => {
    part.classList.toggle("one-to-one", oneToOne);
    fit.setAttribute("aria-pressed", String(!oneToOne));
    full.setAttribute("aria-pressed", String(oneToOne));
  };

  ask.addEventListener("click", () => {
    channel.say("", "asked");
    if (state) state.screen = "asked";
    show();
  });
  // The customer's page ends the capture when the line reaches it; here nothing is seen from now on.
  stop.addEventListener("click", () => {
    channel.say("ended", "screen");
    if (state) state.screen = "stopped";
    if (document.fullscreenElement) void document.exitFullscreen();
    show();
    ask.focus();
  });
  fit.addEventListener("click", () => size(false));
  full.addEventListener("click", () => size(true));
  whole.hidden = !document.fullscreenEnabled;
  whole.addEventListener("click", () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void part.requestFullscreen();
  });
  document.addEventListener("fullscreenchange", () => {
    whole.setAttribute("aria-pressed", String(document.fullscreenElement === part));
  });

  return {
    heard: (now) => {
      state = now;
      // What this page has just said is not among the server's answers yet.
      for (const { kind } of channel.waiting()) state.screen = SAID[kind] ?? state.screen;
      show();
    },
    path: (to) => {
      path = to;
      show();
    },
    picture: (now) => {
      stream = now;
      show();
    },
    end: () => {
      still.end();
      stream = null;
      path = null;
      if (state) state = { ...state, screen: "off", may_screen: false };
      if (document.fullscreenElement) void document.exitFullscreen();
      show();
    },
  };
};
