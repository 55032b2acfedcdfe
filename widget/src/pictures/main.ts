/** Sends pictures one by one before their form, each with a small view, its progress and a button that removes it. */

import { say } from "../pages/page";
import type { Taking } from "./form";

const MOST_BYTES = 8 * 1024 * 1024; // the server refuses more
const LIMIT_MS = 180_000;
const TALL = 80; // pixels

type Entry = {
  file: File;
  item: HTMLElement;
  words: HTMLElement;
  id: string;
  refused: boolean;
  sending?: Promise<void>;
  call?: XMLHttpRequest;
};

export const take = (part: HTMLDetailsElement, form: HTMLFormElement): Taking => {
  const words = part.dataset;
  const list = part.querySelector("#thumbs") as HTMLElement;
  const input = part.querySelector("#pictures") as HTMLInputElement;
  const entries = new Set<Entry>();

  const element = (tag: string, shape: string, text = ""): HTMLElement => {
    const made = document.createElement(tag);
    made.className = shape;
    made.textContent = text;
    return made;
  };

  const button = (text: string | undefined, press: () => void): HTMLElement => {
    const made = element("button", "button quiet", text) as HTMLButtonElement;
    made.type = "button";
    made.addEventListener("click", press);
    return made;
  };

  const post = (
    entry: Entry,
    name: string,
    value: string | File,
    bar?: HTMLProgressElement,
  ): Promise<[number, { id?: string; error?: string }]> =>
    new Promise((done) => {
      const call = new XMLHttpRequest();
      entry.call = call;
      const body = new FormData();
      body.append("form_token", (form.elements.namedItem("form_token") as HTMLInputElement).value);
      body.append(name, value);
      call.open("POST", words.url ?? "");
      call.responseType = "json";
      call.timeout = LIMIT_MS;
      call.upload.onprogress = ({ loaded, total }) => {
        if (bar) bar.value = loaded / total;
      };
      call.onloadend = () => done([call.status, call.response ?? {}]);
      call.send(body);
    });

  const refuse = (entry: Entry, why: string | undefined, again: boolean): void => {
    const problem = element("p", "problem", why);
    problem.role = "alert";
    const retry = again ? [button(words.again, () => start(entry))] : [];
    entry.refused = !again;
    entry.item.replaceChildren(entry.words, ...retry, removing(entry), problem);
  };

  const removing = (entry: Entry): HTMLElement => {
    const made = button(words.remove, () => {
      entries.delete(entry);
      entry.call?.abort();
      entry.item.remove();
      say(words.removed ?? "");
      part.querySelector("summary")?.focus();
      if (entry.id) void post(entry, "remove_picture", entry.id);
    });
    made.ariaLabel = `${words.remove}: ${entry.file.name}`;
    return made;
  };

  const start = (entry: Entry): void => {
    const bar = element("progress", "") as HTMLProgressElement;
    bar.value = 0;
    bar.ariaLabel = `${words.sending} ${entry.file.name}`;
    entry.item.replaceChildren(entry.words, bar, removing(entry));
    entry.sending = (async () => {
      const [status, said] = await post(entry, "pictures", entry.file, bar);
      if (!entries.has(entry)) return;
      if (status === 200 && said.id) {
        entry.id = said.id;
        bar.remove();
        say(words.added ?? "");
      } else refuse(entry, said.error ?? words.failed, !status || status >= 429);
    })();
  };

  const show = async (entry: Entry): Promise<void> => {
    const picture = await createImageBitmap(entry.file).catch(() => null);
    if (!picture) return;
    const view = document.createElement("canvas");
    view.height = Math.min(TALL, picture.height);
    view.width = Math.max(1, Math.round((picture.width / picture.height) * view.height));
    view.getContext("2d")?.drawImage(picture, 0, 0, view.width, view.height);
    view.ariaHidden = "true";
    entry.item.prepend(view);
    const { replaceChildren } = entry.item;
    entry.item.replaceChildren = (...parts) => replaceChildren.call(entry.item, view, ...parts);
  };

  const add = (files: Iterable<File>): void => {
    for (const file of files) {
      const item = document.createElement("li");
      const name = element("bdi", "", file.name);
      const entry: Entry = { file, item, words: name, id: "", refused: false };
      const full = list.children.length >= Number(words.most);
      entries.add(entry);
      list.append(item);
      if (full) refuse(entry, words.tooMany, false);
      else if (file.size > MOST_BYTES) refuse(entry, words.tooLarge, false);
      else {
        void show(entry);
        start(entry);
      }
    }
  };

  const chosen = (): void => {
    const files = [...(input.files ?? [])];
    input.value = "";
    add(files);
  };
  input.addEventListener("change", chosen);
  chosen(); // before this script was there

  const press = part.querySelector<HTMLElement>("#capture");
  const offered = part.querySelector<HTMLElement>("#capturing");
  if (press && offered && navigator.mediaDevices && "getDisplayMedia" in navigator.mediaDevices) {
    offered.hidden = false;
    press.addEventListener("click", async () => {
      try {
        const { capture } = await import(press.dataset.script ?? "");
        const file: File | null = await capture(part.querySelector("#picture-board"));
        if (file) add([file]);
      } catch {
        say(words.noCapture ?? "");
      }
      press.focus();
    });
  }

  return {
    add,
    settled: async () => {
      // What was refused is left out, as was said; what could not be sent is tried once more.
      for (const entry of entries) {
        if (!entry.refused) continue;
        entries.delete(entry);
        entry.item.remove();
      }
      const unsent = [...entries].filter(({ id }) => !id);
      for (const entry of unsent) if (entry.item.querySelector(".problem")) start(entry);
      await Promise.all(unsent.map(({ sending }) => sending));
      const left = unsent.find((entry) => !entry.id && entries.has(entry));
      left?.item.querySelector<HTMLElement>("button")?.focus();
      return !left;
    },
  };
};
