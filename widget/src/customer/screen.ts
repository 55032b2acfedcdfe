/** The customer's screen: asked for, explained, chosen in the browser's own picker, shown, and stopped by one press.
 *
 * What is captured goes to the technician only from here (`begin`), after the press of "Choose what to show".
 */

import type { Channel } from "../live/channel";
import { FRAMES, isLost } from "../live/link";
import { tabShelf } from "../live/outbox";
import type { Path, Peers } from "../live/peer";
import type { Note } from "../live/pointer";
import type { Line, State } from "../live/wire";
import { fill, find, hide, write } from "../pages/page";
import { stage } from "./stage";

const NO_PATH_MS = 12_000;

export type Screen = {
  /** `screens` are the new lines that tell of the screen. */
  heard: (state: State, name: string, screens: readonly Line[]) => void;
  path: (path: Path | null) => void;
  pointer: (note: Note) => void;
  /** The session is over: everything stops, without a line of its own. */
  end: () => void;
};

type Surface = "monitor" | "window" | "browser" | "camera";

const surfaceOf = (track: MediaStreamTrack): Surface => {
  const found = track.getSettings().displaySurface as Surface | undefined;
  return found ?? "monitor";
};

const canCapture = (): boolean => Boolean(navigator.mediaDevices && "getDisplayMedia" in navigator.mediaDevices);

const captureScreen = (): Promise<MediaStream> =>
  navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: FRAMES, max: FRAMES } }, audio: false });

const captureCamera = (): Promise<MediaStream> =>
  navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", frameRate: { max: FRAMES } },
    audio: false,
  });

export const screen = (channel: Channel, peers: Peers, base: string): Screen => {
  const part = find("#screen") as HTMLElement;
  const now = find("#screen-now") as HTMLElement;
  const problem = find("#screen-problem") as HTMLElement;
  const show = find("#show") as HTMLButtonElement;
  const notNow = find("#not-now") as HTMLButtonElement;
  const bar = find("#sharing") as HTMLElement;
  const before = find("#before") as HTMLDialogElement;
  const picture = stage(() => stop());
  let track: MediaStreamTrack | null = null;
  let state: State | undefined;
  let name = "";
  let path: Path | null = null;
  let choosing = false;
  let late = 0;
  let pathTold = false;
  // A page that crashed could not say that it has stopped.
  const mark = tabShelf(`handbell-shows ${base}`);
  let crashed = Boolean(mark.read());

  const complain = (why: string): void => {
    const words = fill(problem.getAttribute(`data-${why}`), name);
    if (words === problem.textContent) return;
    problem.hidden = !words;
    problem.textContent = words;
  };

  const words = (): string => {
    if (track) return "shared";
    if (!state || state.screen === "off") return "off";
    return state.screen === "shared" ? "elsewhere" : state.screen;
  };

  const showState = (): void => {
    part.hidden = !state?.may_screen;
    const asked = state?.screen === "asked" && !track;
    write(now, fill(now.dataset[words()], name));
    now.classList.toggle("notice", asked);
    show.hidden = Boolean(track);
    notNow.hidden = !asked;
    bar.hidden = !track;
    const seen = find("#sharing-words");
    write(seen, fill(seen?.dataset.words, name));
  };

  const saysPath = (why: string): void => {
    complain(why);
    pathTold = Boolean(why);
  };

  /** Says it when nothing gets through, though something is shown. */
  const watchPath = (): void => {
    clearTimeout(late);
    const arrives = path === "direct" || path === "relay";
    if (!track || arrives) {
      if (pathTold) saysPath("");
      return;
    }
    if (isLost(path)) saysPath(path === "failed" ? "failed" : "no-relay");
    else if (!pathTold) late = setTimeout(() => saysPath("late"), NO_PATH_MS);
  };

  const drop = (): boolean => {
    if (!track) return false;
    track.onended = null;
    track.stop();
    track = null;
    mark.write("");
    peers.video(null);
    picture.hide();
    watchPath();
    return true;
  };

  const stop = (): void => {
    if (!drop()) return;
    channel.say("stopped", "screen");
    if (state) state.screen = "stopped";
    complain("");
    showState();
    show.focus();
  };

  const begin = (stream: MediaStream, kind?: Surface): void => {
    const [video] = stream.getVideoTracks();
    if (!video || !state?.may_screen) {
      for (const each of stream.getTracks()) each.stop();
      return;
    }
    drop();
    track = video;
    const surface = kind ?? surfaceOf(video);
    video.contentHint = "detail";
    video.onended = stop; // the browser's own "Stop sharing"
    mark.write("1");
    channel.say(`shared:${surface}`, "screen");
    peers.video(video);
    picture.show(stream, surface === "monitor");
    showState();
    watchPath();
    find("#stop")?.focus();
  };

  /** The technician stopped viewing. Sharing again starts with the words before the picker. */
  const ended = (): void => {
    // What this page has begun to show meanwhile is not on disk yet: it ends, too, and is written down as such.
    if (drop() && channel.waiting().some(({ kind }) => kind === "screen")) channel.say("stopped", "screen");
    if (before.open) before.close();
    complain("");
  };

  const refuse = (): void => {
    if (state?.screen !== "asked") return;
    channel.say("refused", "screen");
    state.screen = "refused";
    showState();
  };

  const choose = async (capture: () => Promise<MediaStream>, kind?: Surface): Promise<void> => {
    if (choosing) return;
    choosing = true;
    complain("");
    try {
      const stream = await capture();
      before.close(); // first, as it gives the focus back
      begin(stream, kind);
    } catch (why) {
      const denied = (why as DOMException).name === "NotAllowedError";
      complain(kind ? "no-camera" : "denied");
      before.close();
      if (denied) refuse();
    }
    choosing = false;
  };

  const explain = (): void => {
    const can = canCapture();
    const secure = Boolean(navigator.mediaDevices);
    hide("#can-show", !can);
    hide("#cannot-show", can);
    hide("#ways", !secure);
    const cannot = find("#cannot-words");
    write(cannot, cannot?.dataset[secure ? "phone" : "insecure"]);
    write(find("#before-who"), fill(find("#before-who")?.dataset.words, name));
    before.showModal();
  };

  show.addEventListener("click", explain);
  notNow.addEventListener("click", refuse);
  for (const button of before.querySelectorAll("[data-close]"))
    button.addEventListener("click", () => {
      before.close();
      refuse();
    });
  find("#choose")?.addEventListener("click", () => void choose(captureScreen));
  find("#camera")?.addEventListener("click", () => void choose(captureCamera, "camera"));
  find("#stop")?.addEventListener("click", stop);
  // Leaving the page ends the capture, so it is written down; the request outlives the page.
  addEventListener("pagehide", () => {
    if (drop()) channel.leave("screen", "stopped");
  });

  return {
    heard: (answer, helper, screens) => {
      const mine = state?.screen;
      state = answer;
      name = helper;
      // What this page has just said is not among the server's answers yet.
      if (channel.waiting().some(({ kind }) => kind === "screen") && mine) state.screen = mine;
      if (crashed && !track && answer.screen === "shared") channel.say("stopped", "screen");
      if (crashed && !track) mark.write("");
      crashed = false;
      if (screens.at(-1)?.body === "ended") ended();
      if (!answer.may_screen && before.open) before.close();
      showState();
    },
    path: (to) => {
      path = to;
      watchPath();
    },
    pointer: picture.pointer,
    end: () => {
      drop();
      complain("");
      if (before.open) before.close();
      showState();
    },
  };
};
