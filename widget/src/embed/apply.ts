import { fill } from "./fill";
import { later } from "./later-styles";
import { laterTexts } from "./later-texts";
import { make, makeField, sheet } from "./make";
import { isRefused } from "./refused";
import type { Contact, Context, Site } from "./types";

const WRITTEN: Intl.DateTimeFormatOptions = { dateStyle: "full", timeStyle: "short" };

/** Adapts the form to the site's settings, if they are known. Repeated calls change nothing more. */
export const apply = (form: HTMLFormElement, site: Site | undefined, context: Context): void => {
  const root = form.getRootNode() as ShadowRoot;
  if (form.parentElement instanceof HTMLDialogElement) form.parentElement.onkeydown = stayIn;
  if (!site) isRefused(form, context);
  if (!site || root.querySelector("[part=check]")) return;
  const texts = { ...laterTexts, ...site.texts };
  root.adoptedStyleSheets.push(sheet(later));
  ownWords(root, site.texts);
  root.getElementById("title")?.before(team(site, context.server));
  const text = root.getElementById("problem");
  const box = form.firstElementChild as HTMLElement;
  text?.before(make("p", { id: "hint" }, texts.hint));
  text?.setAttribute("aria-describedby", "hint");
  for (const input of root.querySelectorAll<HTMLInputElement>("[part=input]"))
    (input.parentElement as HTMLElement).hidden = !site.fields.some(({ name }) => name === input.name);
  for (const { name, input, label } of site.fields)
    if (label) box.append(makeField(label, make("input", { name, part: "input", ...input })));
  if (site.departments[0]) {
    const options = site.departments.map(({ id, name }) => make("option", { value: `${id}` }, name));
    const id = "department";
    const select = make(
      "select",
      { id, name: id, part: "input" },
      make("option", { value: "" }, texts.anyone),
      ...options,
    );
    const row = makeField(texts.department, select);
    row.className = "wide";
    box.append(row);
  }
  const tick = make("input", { type: "checkbox", name: "check_details", value: "1" });
  box.append(make("label", { part: "check", className: "wide", hidden: !site.show_check_details }, tick, texts.check));
  const demanding = site.fields.some(({ required }) => required);
  for (const { name, required } of site.fields) {
    const input = form.elements.namedItem(name);
    if (!demanding || !(input instanceof HTMLElement)) continue;
    (input as HTMLInputElement).required = required;
    input.parentElement?.querySelector("label")?.append(` ${required ? texts.required : texts.optional}`);
  }
  const { words, opens_at } = site.opening ?? {};
  if (words) {
    const at = opens_at ? new Date(opens_at).toLocaleString(site.language, WRITTEN) : "";
    form.before(make("p", { part: "opening" }, words.replace("{time}", at)));
  }
  showContact(form.lastElementChild as HTMLElement, texts.talk, site.contact);
  fill(form, context);
};

/** Keeps Tab inside the dialog: browsers would move on to their own buttons. */
const stayIn = (event: KeyboardEvent): void => {
  const dialog = event.currentTarget as HTMLElement;
  const all = [...dialog.querySelectorAll<HTMLElement>("input,select,textarea,button,a")];
  const stops = all.filter((stop) => stop.offsetParent && !stop.closest("[inert]"));
  const [last, first] = event.shiftKey ? [0, -1] : [-1, 0];
  if (event.key !== "Tab" || !stops.at(last)?.matches(":focus")) return;
  event.preventDefault();
  stops.at(first)?.focus();
};

/** Replaces shown texts by the site's own words. */
const ownWords = (root: ShadowRoot, words: Record<string, string>): void => {
  for (const [key, text] of Object.entries(words)) {
    const name = CSS.escape(key);
    const also = key === "title" ? ",[part=submit]" : "";
    for (const found of root.querySelectorAll(`p#${name},h2#${name},[for=${name}],[part=${name}]${also}`)) {
      if (key === "close") found.ariaLabel = text;
      else found.textContent = text;
    }
  }
};

/** The team's name and picture. The page's policy may forbid the picture. */
const team = ({ name, theme }: Site, server: string): HTMLElement => {
  const made = make("p", { part: "team" }, name);
  if (theme.logo) {
    const logo = make("img", { alt: "", part: "logo", onerror: () => logo.remove(), src: server + theme.logo });
    made.prepend(logo);
  }
  return made;
};

const showContact = (out: HTMLElement, words: string, { phone, mail }: Contact): void => {
  if (!phone && !mail) return;
  const talk = make("p", {}, words);
  // "+49 (0)30 / 12-34" is dialled as +49301234.
  if (phone) talk.append(" ", make("a", { href: `tel:${phone.replace(/\(0\)|[^+\d*,;]/g, "")}`, dir: "ltr" }, phone));
  if (mail) talk.append(" ", make("a", { href: `mailto:${mail}`, dir: "ltr" }, mail));
  out.append(talk);
};
