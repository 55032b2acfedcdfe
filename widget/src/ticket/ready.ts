/** Ready answers: `/` and a few letters in the field offer them, the arrow keys choose, Enter or Tab takes one.
 *
 * They are fetched when the first `/` is typed. The list follows the pattern of a listbox that a text field controls:
 * the focus stays in the field.
 */

import { fill, find, write, written } from "../pages/page";

const BEGUN = /(^|\s)\/([^\s/]{0,40})$/u;
const MOST = 8;

type Answer = { name: string; own: boolean; text: string };
type Begun = { from: number; letters: string };

/** How well the letters fit: 0 for the beginning of the name, 1 for that of a word, 2 for a place in it, else 3. */
const rank = (name: string, letters: string): number => {
  const text = name.toLocaleLowerCase();
  if (text.startsWith(letters)) return 0;
  if (text.split(/[\s-]+/u).some((word) => word.startsWith(letters))) return 1;
  return text.includes(letters) ? 2 : 3;
};

export const matching = (answers: readonly Answer[], typed: string): Answer[] => {
  const letters = typed.toLocaleLowerCase();
  return answers
    .map((answer) => ({ answer, rank: rank(answer.name, letters) }))
    .filter((one) => one.rank < 3)
    .sort((one, two) => one.rank - two.rank || Number(two.answer.own) - Number(one.answer.own))
    .slice(0, MOST)
    .map((one) => one.answer);
};

const begunIn = (field: HTMLTextAreaElement): Begun | null => {
  if (field.selectionStart !== field.selectionEnd) return null;
  const before = field.value.slice(0, field.selectionStart);
  const found = BEGUN.exec(before);
  if (!found) return null;
  const letters = found[2] ?? "";
  return { from: before.length - letters.length - 1, letters };
};

export const readyAnswers = (
  field: HTMLTextAreaElement,
  address: string,
  changed: () => void,
): { takes: (event: KeyboardEvent) => boolean } => {
  const list = find("#ready") as HTMLElement;
  const count = find("#ready-count") as HTMLElement;
  let answers: Promise<Answer[]> | undefined;
  let shown: Answer[] = [];
  let at = 0;
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);

  const fetched = async (): Promise<Answer[]> => {
    const response = await fetch(address, { headers: { "X-Background": "1" }, cache: "no-store" });
    if (!response.ok) throw response;
    return ((await response.json()) as { answers: Answer[] }).answers;
  };

  const close = (): void => {
    shown = [];
    list.hidden = true;
    list.replaceChildren();
    field.removeAttribute("aria-activedescendant");
    write(count, "");
  };

  const mark = (to: number): void => {
    at = (to + shown.length) % shown.length;
    [...list.children].forEach((option, place) => {
      option.setAttribute("aria-selected", String(place === at));
      if (place === at) option.scrollIntoView({ block: "nearest" });
    });
    field.setAttribute("aria-activedescendant", `ready-${at}`);
  };

  const take = (place: number): void => {
    const answer = shown[place];
    const begun = begunIn(field);
    close();
    if (!answer || !begun) return;
    field.setRangeText(answer.text, begun.from, field.selectionStart, "end");
    field.dispatchEvent(new Event("input"));
    field.focus();
    changed();
  };

  const option = ({ name, text }: Answer, place: number): HTMLElement => {
    const item = document.createElement("li");
    item.id = `ready-${place}`;
    item.setAttribute("role", "option");
    const [title, said] = [document.createElement("b"), document.createElement("span")];
    title.textContent = name;
    said.textContent = text;
    for (const part of [title, said]) part.dir = "auto";
    item.append(title, " ", said);
    // Before the field loses the focus.
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(place);
    });
    return item;
  };

  const offer = async (): Promise<void> => {
    const begun = begunIn(field);
    if (!begun) {
      close();
      return;
    }
    answers ??= fetched();
    let all: Answer[];
    try {
      all = await answers;
    } catch {
      answers = undefined; // the next letter tries again
      return;
    }
    const now = begunIn(field);
    if (!now) return;
    shown = matching(all, now.letters);
    list.replaceChildren(...shown.map(option));
    list.hidden = !shown.length;
    if (shown.length) mark(0);
    else field.removeAttribute("aria-activedescendant");
    write(count, shown.length ? fill(count.dataset.some, written(shown.length)) : (count.dataset.none ?? ""));
  };

  field.addEventListener("input", (event) => {
    if (event.isTrusted) void offer();
  });
  field.addEventListener("blur", close);

  return {
    takes: (event) => {
      if (!shown.length || event.isComposing) return false;
      if (event.key === "ArrowDown") mark(at + 1);
      else if (event.key === "ArrowUp") mark(at - 1);
      else if (event.key === "Enter" || event.key === "Tab") take(at);
      else if (event.key === "Escape") close();
      else return false;
      event.preventDefault();
      return true;
    },
  };
};
