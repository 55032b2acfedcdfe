/** What is shown, with the technician's pointer over it: in the page, or in a small window that stays on top.
 *
 * A whole screen is a still here, as a moving picture of it would show itself without end.
 */

import { AWAY, type Note, PRESS } from "../live/pointer";
import { find } from "../pages/page";

const STAYS_MS = 4_000; // a pointer that does not move

type PictureInPicture = { requestWindow: (size: { width: number; height: number }) => Promise<Window> };

export type Stage = {
  show: (stream: MediaStream, still: boolean) => void;
  hide: () => void;
  pointer: (note: Note) => void;
};

const onTop = (): PictureInPicture | undefined =>
  (window as Window & { documentPictureInPicture?: PictureInPicture }).documentPictureInPicture;

const drawStill = (video: HTMLVideoElement, canvas: HTMLCanvasElement): void => {
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
};

export const stage = (stop: () => void): Stage => {
  const part = find("#stage") as HTMLElement;
  const video = find("#preview") as HTMLVideoElement;
  const still = find("#still") as HTMLCanvasElement;
  const words = find("#still-words") as HTMLElement;
  const mark = find("#pointer") as HTMLElement;
  const small = find("#small") as HTMLButtonElement;
  const stopSmall = find("#stop-small") as HTMLButtonElement;
  const home = document.createComment("");
  let other: Window | null = null;
  let timer = 0;

  const back = (): void => {
    if (!other) return;
    other = null;
    home.replaceWith(part);
    stopSmall.hidden = true;
    small.hidden = part.hidden;
    if (video.srcObject) void video.play().catch(() => undefined);
  };

  const open = async (): Promise<void> => {
    const opened = await onTop()?.requestWindow({ width: 360, height: 320 });
    if (!opened || part.hidden) {
      opened?.close();
      return;
    }
    other = opened;
    const root = opened.document.documentElement;
    root.lang = document.documentElement.lang;
    root.dir = document.documentElement.dir;
    for (const sheet of document.querySelectorAll("link[rel=stylesheet]"))
      opened.document.head.append(sheet.cloneNode());
    opened.document.title = document.title;
    opened.document.body.className = "on-top";
    part.replaceWith(home);
    opened.document.body.append(part);
    stopSmall.hidden = false;
    small.hidden = true;
    if (video.srcObject) void video.play().catch(() => undefined);
    opened.addEventListener("pagehide", back);
  };

  const close = (): void => {
    const opened = other;
    back();
    opened?.close();
  };

  const place = (x: number, y: number): void => {
    mark.hidden = false;
    mark.style.left = `${x * 100}%`;
    mark.style.top = `${y * 100}%`;
    clearTimeout(timer);
    timer = setTimeout(() => {
      mark.hidden = true;
    }, STAYS_MS);
  };

  small.addEventListener("click", () => void open().catch(() => undefined));
  stopSmall.addEventListener("click", stop);
  mark.addEventListener("animationend", () => mark.classList.remove("press"));
  addEventListener("pagehide", close);

  return {
    show: (stream, asStill) => {
      part.hidden = false;
      small.hidden = !onTop();
      video.hidden = asStill;
      still.hidden = !asStill;
      words.hidden = !asStill;
      video.onloadeddata = () => {
        if (!asStill) return;
        drawStill(video, still);
        video.srcObject = null;
      };
      video.srcObject = stream;
      void video.play().catch(() => undefined);
      // Works only where the browser still counts the press; the button stays for all others.
      void open().catch(() => undefined);
    },
    hide: () => {
      close();
      part.hidden = true;
      small.hidden = true;
      mark.hidden = true;
      video.srcObject = null;
    },
    pointer: ([kind, x, y]) => {
      if (part.hidden) return;
      if (kind === AWAY) mark.hidden = true;
      else place(x, y);
      if (kind === PRESS) mark.classList.add("press");
    },
  };
};
