import { keep, newKey } from "./draft";
import { fill } from "./fill";
import { make, makeField } from "./make";
import { texts } from "./texts";
import type { Context } from "./types";

const WAY_OUT_MS = 8_000;

type Row = [key: "name" | "email" | "number" | "problem", props?: object];

/** The fields: each one's name in prefills, tokens and texts, and its properties. */
const ROWS: Row[] = [
  ["problem"],
  ["name", { autocomplete: "name" }],
  // Plain text with a mail keyboard, because type=email changes the typed text.
  ["email", { autocomplete: "email", inputMode: "email", autocapitalize: "none" }],
  ["number"],
];

/** Puts the form into `element`. */
export const makeForm = (element: HTMLElement, context: Context): HTMLFormElement => {
  const { server, site, emit, later } = context;
  let busy = false;

  const box = make("div", {});
  for (const [key, props] of ROWS) {
    const long = key === "problem";
    const name = long ? "problem_description" : `customer_${key}`;
    const input = make(long ? "textarea" : "input", { id: key, name, dir: "auto", part: "input", ...props });
    const row = makeField(texts[key], input);
    if (!props) row.className = "wide";
    box.append(row);
  }
  box.append(make("input", { name: "website", hidden: true }));
  const away = make("button", { part: "page" }, texts.page);
  const problem = make("p", { className: "bad" });
  const out = make("div", { role: "alert", hidden: true }, problem, away);
  // If the browser itself posts the form, everything typed reaches the hosted page.
  const press = make("button", { part: "submit" }, texts.title);
  const form = make(
    "form",
    { method: "post", action: `${server}/s/${site}/submit`, target: "_blank", noValidate: true, part: "form" },
    box,
    press,
    out,
  );
  element.append(make("h2", { id: "title", part: "title" }, texts.title), form);
  element.setAttribute("aria-labelledby", "title");

  form.oninput = ({ target }) => {
    const { name, value } = target as HTMLInputElement;
    context.draft = { ...context.draft, [name]: value, key: newKey() };
    keep(context);
  };

  form.onsubmit = async (event) => {
    if (event.submitter === away) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    const show = (): void => {
      out.hidden = false;
    };
    const late = setTimeout(show, WAY_OUT_MS);
    out.hidden = true;
    context.draft.key ||= newKey();
    const words = press.textContent;
    press.textContent = texts.sending;
    try {
      if (await (await later()).send(form, context)) {
        context.draft = {};
        keep(context);
      }
    } catch (error) {
      const { status = 0, message, reason } = error as { status?: number; message: string; reason?: string };
      problem.textContent = reason ? message : texts.failed;
      show();
      emit("error", { status, message: reason ?? message });
    }
    clearTimeout(late);
    press.textContent = words;
    busy = false;
  };

  fill(form, context);
  return form;
};
