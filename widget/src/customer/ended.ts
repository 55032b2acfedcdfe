/** The script of a session that has ended. Its conversation is shown in the customer's own time, and kept as one file that needs nothing else. */

import { kept } from "../live/kept";
import { openLog } from "../live/log";
import type { Answer, Line } from "../live/wire";
import { find } from "../pages/page";
import { rest } from "../pages/poll";

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}p{white-space:pre-wrap;margin:0 0 1rem}small{color:#555}img{max-width:100%}";

/** All lines of the conversation, in order. Rejects when the server cannot be reached. */
const allLines = async (base: string): Promise<Line[]> => {
  const lines: Line[] = [];
  for (;;) {
    const response = await fetch(`${base}/live?after=${lines.at(-1)?.id ?? 0}`, { cache: "no-store" });
    if (!response.ok) throw response;
    const answer = (await response.json()) as Partial<Answer>;
    lines.push(...(answer.lines ?? []));
    if (!answer.more || !answer.lines?.length) return lines;
  }
};

const dataUrl = async (address: string): Promise<string> => {
  const response = await fetch(address);
  if (!response.ok) throw response;
  const blob = await response.blob();
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = failed;
    reader.readAsDataURL(blob);
  });
};

const picture = async (page: Document, base: string, line: Line): Promise<HTMLElement | null> => {
  if (!line.file?.picture) return null;
  const image = page.createElement("img");
  image.alt = line.file.name;
  image.src = await dataUrl(`${base}/files/${line.file.id}`).catch(() => "");
  return image.src ? image : null;
};

type Worded = { who: string; words: string };

/** One HTML file with all lines and pictures. Text is set as text, so nothing in it can run. */
const asFile = async (
  button: HTMLElement,
  base: string,
  lines: readonly Line[],
  worded: (line: Line) => Worded,
): Promise<Blob> => {
  const page = document.implementation.createHTMLDocument(button.dataset.title);
  const add = (name: string, text: string, to: Element = page.body): HTMLElement => {
    const element = page.createElement(name);
    element.textContent = text;
    to.append(element);
    return element;
  };
  const { lang, dir } = document.documentElement;
  Object.assign(page.documentElement, { lang, dir });
  const charset = page.createElement("meta");
  charset.setAttribute("charset", "utf-8");
  page.head.prepend(charset);
  add("h1", button.dataset.title ?? "");
  add("p", button.dataset.about ?? "");
  for (const line of lines) {
    const { who, words } = worded(line);
    if (!words) continue;
    const item = add("p", "");
    add("small", new Date(line.at).toLocaleString(lang || "en"), item);
    item.append(" ");
    if (who) add("b", `${who}: `, item);
    item.append(words);
    const shown = await picture(page, base, line);
    if (shown) item.append(page.createElement("br"), shown);
  }
  // Our page's policy forbids styles in this document, too; in the file none applies.
  const html = page.documentElement.outerHTML.replace("</head>", `<style>${STYLE}</style></head>`);
  return new Blob(["<!doctype html>", html], { type: "text/html" });
};

const download = (content: Blob, name: string): void => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

const keeping = (base: string): void => {
  const box = find("#log");
  const list = box?.querySelector<HTMLElement>(".lines");
  const button = find("#keep");
  const row = find("#keeping");
  if (!box || !list || !button || !row) return;
  const log = openLog(box, { list, file: kept(box, base) });
  const lines = allLines(base).then((found) => {
    log.add(found);
    row.hidden = false;
    return found;
  });
  const worded = (line: Line): Worded => {
    const speaks = line.kind === "say" || line.kind === "file";
    const who = line.mine ? box.dataset.you : (line.name ?? box.dataset.desk);
    return { who: speaks ? (who ?? "") : "", words: speaks ? line.body : log.words(line) };
  };
  button.addEventListener("click", async () => {
    const words = button.textContent;
    button.textContent = button.dataset.busy ?? words;
    download(await asFile(button, base, await lines, worded), `${button.dataset.name}.html`);
    button.textContent = words;
  });
  lines.catch(() => undefined); // the lines that the page came with stay
};

const { base, state, rests, home } = find("main[data-page='applet']")?.dataset ?? {};
if (base) keeping(base);
// The desk may open the ticket again; the page then goes on.
if (home && rests) rest<{ state: string }>(rests, home, (answer) => answer.state === state);
