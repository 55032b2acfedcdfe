/** What the customer's browser tells of itself, and whether they say that the session has helped. */

import type { State } from "../live/wire";
import { find, write } from "../pages/page";

export type TechnicianState = State & {
  facts?: Record<string, string> | null;
  helped?: boolean | null;
  helped_said?: string | null;
};

const put = (cell: HTMLElement | null, text: string): void => {
  if (!cell || !text) return;
  write(cell, text);
  const pair = cell.closest<HTMLElement>(".pair");
  if (pair) pair.hidden = false;
};

export const browserFacts = ({ facts, helped, helped_said }: TechnicianState): void => {
  const part = find("#browser");
  if (!part) return;
  for (const cell of part.querySelectorAll<HTMLElement>("[data-fact]")) {
    put(cell, facts?.[cell.dataset.fact ?? ""] ?? "");
  }
  const answer = find("#helped");
  put(answer, (helped ? answer?.dataset.yes : helped === false ? answer?.dataset.no : "") ?? "");
  put(find("#helped-said"), helped_said ?? "");
  part.hidden = !part.querySelector(".pair:not([hidden])");
};
