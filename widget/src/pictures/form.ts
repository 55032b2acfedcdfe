/** Pictures on a form: chosen, pasted or dropped. What sends them is fetched with the first of these. */

import { find } from "../pages/page";

export type Taking = { add: (files: Iterable<File>) => void; settled: () => Promise<boolean> };

const imagesIn = (data: DataTransfer | null): File[] =>
  [...(data?.files ?? [])].filter(({ type }) => /^image\//.test(type));

const pictures = (part: HTMLDetailsElement, form: HTMLFormElement): void => {
  let taking: Taking | undefined;
  let loading: Promise<Taking | undefined> | undefined;
  let ready = false;

  const load = (): Promise<Taking | undefined> => {
    loading ??= import(part.dataset.script ?? "")
      .then(({ take }) => {
        taking = take(part, form);
        return taking;
      })
      .catch(() => undefined); // then the form sends them itself
    return loading;
  };

  const add = async (event: Event, files: File[]): Promise<void> => {
    if (!files.length) return;
    event.preventDefault();
    part.open = true;
    (await load())?.add(files);
  };

  if (part.open) void load();
  part.addEventListener("toggle", load);
  part.addEventListener("change", load); // the press and the choice may come before the script
  document.addEventListener("paste", (event) => {
    // Programs put a picture beside the text that is meant.
    if (!event.clipboardData?.types.includes("text/plain")) void add(event, imagesIn(event.clipboardData));
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    find("form.card")?.classList.add("dropping");
  });
  for (const over of ["drop", "dragend", "dragleave"] as const)
    document.addEventListener(over, (event) => {
      if (over === "dragleave" && (event as DragEvent).relatedTarget) return;
      find("form.card")?.classList.remove("dropping");
    });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // a browser would leave the page for the picture
    void add(event, imagesIn(event.dataTransfer));
  });
  form.addEventListener("submit", async (event) => {
    if (!taking || ready) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    form.dispatchEvent(new Event("sending"));
    ready = await taking.settled();
    await new Promise((done) => setTimeout(done)); // a form takes no other submit while this one is told
    form.dispatchEvent(new Event("stopped"));
    if (ready) form.requestSubmit(event.submitter);
  });
  addEventListener("pageshow", () => {
    ready = false;
  });
};

const part = find("#picture-part") as HTMLDetailsElement | null;
const form = part?.closest("form");
if (part && form) pictures(part, form);
