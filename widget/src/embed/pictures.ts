/** Fetched at the press that adds pictures to a recorded request: chosen, pasted, dropped, or taken of a window. */

import { capture } from "./capture";
import { make, sheet } from "./make";
import { pictureStyles } from "./picture-styles";
import { pictureTexts as texts } from "./picture-texts";
import type { Context } from "./types";

const MOST_BYTES = 8 * 1024 * 1024; // the server refuses more
const LIMIT_MS = 180_000;
const TALL = 80; // pixels

/** Puts a place for pictures after `press`, and sends those that come to `url`, one by one. `left` is how many the
 *  request may still have. */
export const pictures = (press: HTMLElement, url: string, left: number, context: Context): HTMLElement => {
  const { signal, fetch, lang } = context;
  const root = press.getRootNode() as ShadowRoot;
  const panel = press.closest("[part=panel]") as HTMLElement;
  const input = make("input", { type: "file", accept: "image/*", multiple: true, id: "picture" });
  const list = make("ul", {});
  const words = make("p", { role: "status" });
  const hint = make("label", { htmlFor: "picture" }, texts.hint.replace("{n}", `${left}`));
  const place = make("div", { part: "pictures", ariaLive: "off" }, hint, input, list);
  let turn = Promise.resolve(); // one after the other

  const full = (): void => {
    input.hidden = hint.hidden = true;
    taking?.remove();
  };

  const send = async (file: File, item: HTMLElement): Promise<void> => {
    const bar = make("progress", { ariaLabel: texts.sending });
    const said = make("p", { role: "status" }, texts.sending);
    for (const old of item.querySelectorAll("p,button")) old.remove();
    item.append(said, bar);
    let why = texts.large;
    let again = false;
    if (file.size <= MOST_BYTES)
      try {
        const response = await fetch(`${url}/pictures?lang=${lang}`, {
          method: "POST",
          credentials: "omit",
          headers: { "Content-Type": "application/octet-stream" },
          body: file,
          signal: AbortSignal.timeout(LIMIT_MS),
        });
        const answer = { __proto__: null, ...(await response.json()) };
        why = response.ok ? texts.added : answer.error?.message;
        again = response.status >= 429;
        if (answer.pictures_left === 0) full();
      } catch {
        why = texts.failed;
        again = true;
      }
    bar.remove();
    said.textContent = why;
    said.className = why === texts.added ? "" : "bad";
    if (again) item.append(make("button", { onclick: () => send(file, item) }, texts.again));
  };

  const show = async (file: File, item: HTMLElement): Promise<void> => {
    try {
      const picture = await createImageBitmap(file);
      const height = Math.min(TALL, picture.height);
      const width = Math.max(1, Math.round((picture.width / picture.height) * height));
      const view = make("canvas", { width, height, ariaHidden: "true" });
      view.getContext("2d")?.drawImage(picture, 0, 0, width, height);
      item.prepend(view);
    } catch {} // the server says so
  };

  const add = (files: File[]): void => {
    for (const file of files) {
      const item = make("li", {}, make("bdi", {}, file.name));
      list.append(item);
      void show(file, item);
      turn = turn.then(() => send(file, item));
    }
  };

  const imagesIn = (data: DataTransfer | null): File[] =>
    [...(data?.files ?? [])].filter(({ type }) => /^image\//.test(type));

  /** Takes the pictures of an event, if it has some. */
  const take = (event: Event, data: DataTransfer | null): void => {
    const files = imagesIn(data);
    if (!files.length) return;
    event.preventDefault();
    add(files);
  };

  input.onchange = () => {
    add([...(input.files ?? [])]);
    input.value = "";
  };
  document.addEventListener(
    "paste",
    (event) => {
      const ours = event.composedPath().includes(panel) || event.target === document.body;
      // Programs put a picture beside the text that is meant.
      if (ours && place.checkVisibility() && !event.clipboardData?.types.includes("text/plain"))
        take(event, event.clipboardData);
    },
    { signal },
  );
  panel.addEventListener("dragover", (event) => {
    if (!place.isConnected || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    place.className = "over";
  });
  for (const over of ["drop", "dragleave"] as const)
    panel.addEventListener(over, () => {
      place.className = "";
    });
  panel.addEventListener("drop", (event) => {
    if (!place.isConnected || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // a browser would leave the page for the picture
    take(event, event.dataTransfer);
  });

  const taking =
    navigator.mediaDevices && "getDisplayMedia" in navigator.mediaDevices
      ? make("button", { onclick: () => ofWindow() }, texts.capture)
      : null;
  const ofWindow = async (): Promise<void> => {
    const board = makeBoard();
    board.dir = panel.dir;
    root.append(board);
    try {
      const file = await capture(board);
      if (file) add([file]);
      words.textContent = "";
    } catch {
      words.textContent = texts.none;
    }
    board.remove();
    taking?.focus();
  };
  if (taking) place.append(taking);
  place.append(words);

  root.adoptedStyleSheets.push(sheet(pictureStyles));
  press.after(place);
  input.focus();
  return place;
};

/** The dialog in which a captured picture is marked. */
const makeBoard = (): HTMLDialogElement => {
  const button = (id: string, text: string): HTMLElement => make("button", { id, type: "button" }, text);
  const close = button("", texts.cancel);
  close.dataset.close = "";
  const canvas = make("canvas", { tabIndex: 0, role: "img", ariaLabel: `${texts.board}. ${texts.draw}` });
  const tools = make("div", { role: "group", ariaLabel: texts.board });
  tools.append(button("tool-arrow", texts.arrow), button("tool-hide", texts.blur), button("board-undo", texts.undo));
  const heading = make("h2", {}, texts.board);
  const board = make("dialog", { part: "board", ariaLabel: texts.board }, heading, make("p", {}, texts.draw));
  board.append(tools, canvas, button("board-done", texts.done), close);
  return board;
};
