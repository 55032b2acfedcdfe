import { apply } from "./apply";
import { call, type Reply, sleep } from "./call";
import { complain } from "./complain";
import { fill } from "./fill";
import { laterTexts, type Texts } from "./later-texts";
import { make } from "./make";
import { isRefused } from "./refused";
import type { Check, Context, Recorded, Resume, Send } from "./types";
import { waitFile } from "./wait-file";

const YOUNGEST_MS = 2_100; // a form sent sooner than this after its token was fetched looks like a program's

/** The request was not recorded. The message is for the customer, the reason for the page. */
class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly reason = message,
  ) {
    super(message);
  }
}

export const send: Send = async (form, context) => {
  const [box, press] = form.children as unknown as [HTMLElement, HTMLElement];
  const words = press.textContent ?? "";
  const work = (on: boolean, label: string): void => {
    box.inert = on;
    press.ariaDisabled = `${on}`;
    press.textContent = label;
  };
  if (!navigator.onLine) {
    work(true, laterTexts.offline);
    await new Promise((done) => addEventListener("online", done, { once: true }));
  }
  work(true, laterTexts.sending);
  let site = await context.load();
  if (!site && (await isRefused(form, context))) {
    work(false, words);
    form.requestSubmit(form.querySelector<HTMLElement>("[part=page]")); // all that was typed goes to the hosted page
    return false;
  }
  site ??= await context.load(asking(context));
  const texts = { ...laterTexts, ...site?.texts };
  work(false, words);
  if (!site) throw new Refused(texts.sorry, 0);
  apply(form, site, context);
  if (complain(form, texts, site.fields)) return false;
  work(true, texts.sending);
  const [status, answer] = await post(values(form, context), context);
  work(false, words);
  if (answer?.reference) {
    context.emit("submit", answer);
    received(form, texts, answer, context);
    return true;
  }
  const { fields, message, code } = answer?.error ?? {};
  if (code === "key_used") context.draft.key = "";
  if (fields?.identity) doubt(form, context);
  if (fields && complain(form, texts, [], fields)) return false;
  // The customer can do nothing about other refusals: their page or our server is set up wrongly.
  throw new Refused((status === 429 && message) || texts.sorry, status, fields?.identity ?? message);
};

/** Shows the open request of this tab again. */
export const resume: Resume = async (build, context) => (await waitFile(context.server)).resume(build, context);

/** Shows the reference in place of the form at once, and more when that is fetched. */
const received = async (form: HTMLFormElement, texts: Texts, recorded: Recorded, context: Context): Promise<void> => {
  const code = make("b", { translate: false, dir: "ltr" }, recorded.reference);
  const place = make("div", { role: "status", tabIndex: -1, part: "result" }, make("h3", {}, texts.waiting));
  place.append(make("p", {}, texts.reference, " ", code));
  form.parentElement?.querySelector("[part=result]")?.remove();
  form.before(place);
  form.hidden = true;
  if (document.activeElement === (form.getRootNode() as ShadowRoot).host) place.focus();
  (await waitFile(context.server)).follow(form, place, texts, recorded, context);
};

/** Drops a refused identity token, so that the next press sends the customer's details as typed. */
const doubt = (form: HTMLFormElement, context: Context): void => {
  Object.assign(context.known, { token: null, claims: null });
  fill(form, context);
};

const asking =
  (context: Context) =>
  async (url: string): Promise<unknown> =>
    (await call(url, context))[1];

const values = (form: HTMLFormElement, { lang, known }: Context): object => {
  const typed = Object.fromEntries(new FormData(form));
  return { ...typed, check_details: !!typed.check_details, language: lang, identity: known.token };
};

/** Sends the request; an expired form token is replaced automatically, once. */
const post = async (filled: object, context: Context): Promise<Reply> => {
  const { server, site, load, draft } = context;
  for (let again = false; ; again = true) {
    const info = await (again ? load(asking(context)) : load());
    if (!info) return [0, null];
    await sleep(info.since + YOUNGEST_MS - Date.now());
    const reply = await call(`${server}/api/v1/sites/${site}/requests`, context, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": draft.key as string },
      body: JSON.stringify({ ...filled, form_token: info.form_token, check: await solved(server, info.check) }),
    });
    if (again || reply[1]?.error?.code !== "form_expired") return reply;
  }
};

/** The answer to the server's check, if there is one; without an answer the request waits for an operator. */
const solved = async (server: string, check: Check | null): Promise<string | null> => {
  try {
    return check && (await (await import(`${server}/.${check.script}`)).solve(check.challenge));
  } catch {
    return null;
  }
};
