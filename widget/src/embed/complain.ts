import type { Texts } from "./later-texts";
import { make } from "./make";
import type { FieldRule } from "./types";

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Shows each problem beside its field, and focuses the first; true when there is one.
 *  `named` are the server's sentences; without them the browser checks the fields, and the server checks again. */
export const complain = (
  form: HTMLFormElement,
  texts: Texts,
  rules: FieldRule[],
  named?: Record<string, string>,
): boolean => {
  const inputs = [...form.querySelectorAll<Input>("[part=input]")];
  const wrong = inputs.filter((input) => {
    const rule = rules.find(({ name }) => name === input.name);
    return say(input, named ? named[input.name] : problemOf(input, texts, rule));
  });
  wrong[0]?.focus();
  return !!wrong[0];
};

const problemOf = (input: Input, texts: Texts, rule?: FieldRule): string | undefined => {
  const value = input.value.trim();
  if (!value) return rule?.required ? texts.missing : undefined;
  if (input.id === "email" && !/^[^\s@]+@[^\s@]+$/.test(value)) return texts.mail;
  const over = [...input.value].length - (rule?.limit ?? 1 / 0);
  return over > 0 ? texts.long.replace("{n}", `${over}`) : undefined;
};

/** Puts a sentence under a field until the customer changes the field; without one, removes it. */
const say = (input: Input, sentence?: string): boolean => {
  const id = `${input.id}-problem`;
  const about = (input.getAttribute("aria-describedby") ?? "").replace(id, "").trim();
  input.parentElement?.querySelector(".bad")?.remove();
  input.setAttribute("aria-describedby", sentence ? `${id} ${about}` : about);
  input.ariaInvalid = `${!!sentence}`;
  if (!sentence) return false;
  (input.parentElement as HTMLElement).hidden = false; // a site may hide a field that its page fills in
  input.after(make("p", { id, className: "bad", part: "problem" }, sentence));
  input.oninput = () => say(input);
  return true;
};
