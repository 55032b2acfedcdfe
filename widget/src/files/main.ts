/** Files of a conversation, on their way: chosen, dropped or pasted, then sent one after the other.
 *
 * The list `#arriving` has the ticket's address as data-base, and words: data-cancel, data-hide, data-waits, and why a
 * file is not taken by the server's code (data-too-large, …; data-field for any other). Each entry shows progress and
 * can be cancelled. What was interrupted goes on with what the server has.
 */

import type { Add, Attaching } from "../live/attach";
import { newId } from "../live/wire";
import { find } from "../pages/page";
import { send } from "./send";

const MOST = 25 * 1024 * 1024; // bytes; the server refuses more

type Entry = { file: File; key: string; source: string | undefined; item: HTMLElement; stop: AbortController };

const hasFiles = (data: DataTransfer | null): data is DataTransfer => Boolean(data?.types.includes("Files"));

/** A folder has no bytes, and a file may have gone. */
const isReadable = (file: File): Promise<boolean> =>
  file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );

export const attaching = (page: Attaching): { add: Add; allow: (on: boolean) => void } => {
  const { list } = page;
  const words = list.dataset;
  const zone = list.parentElement as HTMLElement;
  const queue: Entry[] = [];
  let allowed = false;
  let sending = false;

  const button = (text: string | undefined, press: () => void): HTMLElement => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button quiet small";
    made.textContent = text ?? "";
    made.addEventListener("click", press);
    return made;
  };

  const paragraph = (shape: string, text: string): HTMLElement => {
    const made = document.createElement("p");
    made.className = shape;
    made.textContent = text;
    return made;
  };

  const named = (file: File): HTMLElement => {
    const name = paragraph("name", "");
    const shown = document.createElement("bdi");
    shown.textContent = file.name;
    name.append(shown);
    return name;
  };

  const refuse = ({ item, file }: Entry, why: string): void => {
    const problem = paragraph("problem", list.getAttribute(`data-${why.replaceAll("_", "-")}`) ?? words.field ?? "");
    problem.role = "alert";
    const hide = button(words.hide, () => item.remove());
    item.replaceChildren(named(file), hide, problem);
  };

  const faultOf = async ({ size }: File, file: File): Promise<string> => {
    if (size > MOST) return "too_large";
    if (!(await isReadable(file))) return "field";
    return size ? "" : "empty";
  };

  const next = async (): Promise<void> => {
    const [entry] = queue;
    if (!entry || sending) return;
    sending = true;
    const { file, item, key, source, stop } = entry;
    const bar = item.querySelector("progress");
    const state = item.querySelector(".state");
    const why =
      (await faultOf(file, file)) ||
      (await send({
        address: `${words.base}/files`,
        headers: () => page.headers,
        file,
        key,
        source,
        stop: stop.signal,
        progress: (bytes) => {
          if (bar) bar.value = bytes;
        },
        waits: (on) => {
          const text = on ? (words.waits ?? "") : "";
          if (state && state.textContent !== text) state.textContent = text;
        },
      }));
    queue.splice(queue.indexOf(entry), 1);
    sending = false;
    if (why) refuse(entry, why);
    else item.remove();
    if (!why && !stop.signal.aborted) page.sent();
    void next();
  };

  const add: Add = (files, source) => {
    if (!allowed) return;
    for (const file of files) {
      const item = document.createElement("li");
      const stop = new AbortController();
      const bar = document.createElement("progress");
      bar.max = file.size || 1;
      bar.value = 0;
      bar.ariaLabel = file.name;
      const state = paragraph("soft state", "");
      state.role = "status";
      const entry: Entry = { file, key: newId(), source, item, stop };
      const cancel = button(words.cancel, () => {
        stop.abort();
        item.remove();
        if (queue.includes(entry) && queue[0] !== entry) queue.splice(queue.indexOf(entry), 1);
        find("#attach")?.focus();
      });
      cancel.ariaLabel = `${cancel.textContent}: ${file.name}`;
      item.append(named(file), bar, cancel, state);
      list.append(item);
      queue.push(entry);
    }
    void next();
  };

  const inputs = document.querySelectorAll<HTMLInputElement>("#attach, #photo");
  const take = (input: HTMLInputElement): void => {
    const chosen = [...(input.files ?? [])];
    if (!chosen.length || !allowed) return;
    input.value = "";
    input.closest("dialog")?.close();
    add(chosen);
  };
  for (const input of inputs) {
    input.addEventListener("change", () => take(input));
    input.dataset.ready = "1";
  }

  const dropping = (on: boolean): void => void zone.classList.toggle("dropping", on && allowed);
  // Anywhere on the page: a browser would leave it for a file that falls beside the conversation.
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) dropping(false);
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    dropping(false);
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    // Programs put a picture beside the text that is meant.
    if (!data?.files.length || data.types.includes("text/plain")) return;
    event.preventDefault();
    add([...data.files]);
  });

  return {
    add,
    allow: (on) => {
      allowed = on;
      for (const input of inputs) take(input); // what was chosen before this script was there
    },
  };
};
