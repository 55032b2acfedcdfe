import { call, sleep } from "./call";
import { make, sheet } from "./make";
import { forget, remember } from "./open";
import { pictureFile } from "./picture-file";
import type { Context, Recorded } from "./types";
import { waitStyles } from "./wait-styles";
import { waitTexts } from "./wait-texts";

const SLOWEST_MS = 10_000;
const STARTED_EVERY_MS = 4_000;

type Line = { id: number; mine: boolean; name: string | null; body: string };
type Wait = { place: number | null; lines: Line[]; page: string | null; may_cancel: boolean; pictures_left?: number };
type State = { state: string; start_url: string | null; helper?: string | null; wait?: Wait | null };
type Words = typeof waitTexts;

/** Shows a recorded request in `place`, instead of its form, and on the launcher, until it has ended. */
export const follow = async (
  form: HTMLElement,
  place: HTMLElement,
  words: Partial<Words>,
  recorded: Recorded,
  context: Context,
): Promise<void> => {
  const texts: Words = { ...waitTexts, ...words };
  const { signal, emit, server, site } = context;
  const { reference, status_url, poll_url } = recorded;
  remember(site, recorded);
  const root = form.getRootNode() as ShadowRoot;
  root.adoptedStyleSheets.push(sheet(waitStyles));
  const launcher = root.querySelector("[part~=launcher]");
  const bare = launcher?.textContent ?? "";

  const heading = make("h3", {});
  const note = make("p", {});
  const helper = make("p", { part: "helper" });
  const line = make("p", { part: "place" });
  const log = make("ul", { part: "lines" });
  const go = make("a", { part: "start", target: "_blank", rel: "noopener" });
  const cancel = make("button", { part: "cancel", hidden: true }, texts.cancel);
  const other = make("button", { part: "other" }, texts.other);
  const picture = make("button", { part: "picture", hidden: true }, texts.picture);
  const code = make("b", { translate: false, dir: "ltr" }, reference);
  const keep = make("p", {}, texts.reference, " ", code);
  const trust = make("p", {}, texts.trust);
  place.replaceChildren(heading, note, helper, line, log, go, keep, trust, picture, cancel, other);

  let now: State = recorded;
  let left = false;
  let ready = false;
  let told = "";
  let opened = false;
  let seen = -1;
  let unread = 0;
  let adding: HTMLElement | null = null;

  const tell = (state: string): void => {
    const text = (key: string): string => texts[key as keyof Words] ?? "";
    heading.textContent = text(state);
    note.textContent = text(`${state}_note`);
    const labels = { started: texts.again, parked: texts.retry, held: texts.person };
    go.textContent = labels[state as keyof typeof labels] ?? texts.start;
  };

  /** What the launcher and the panel say of the wait at the desk. */
  const showWait = ({ helper: name, wait }: State): string => {
    const at = wait?.place;
    const where = at === 1 ? texts.next : at ? `${texts.place}: ${at > 99 ? texts.many : at}` : "";
    line.textContent = where;
    helper.textContent = name ? texts.with.replace("{name}", name) : "";
    cancel.hidden = !wait?.may_cancel;
    picture.hidden = !!adding || !wait?.pictures_left;
    const lines = wait?.lines ?? [];
    log.replaceChildren(...lines.map((said) => written(said, texts)));
    const fresh = lines.filter(({ mine, id }) => !mine && id > seen);
    if (seen < 0 || place.checkVisibility()) {
      seen = Math.max(0, seen, ...lines.map(({ id }) => id));
      unread = 0;
    } else unread = fresh.length;
    if (opened && wait?.page) {
      go.href = server + wait.page;
      go.textContent = texts.open;
      note.textContent = "";
    }
    return unread
      ? texts.messages.replace("{n}", `${unread}`)
      : helper.textContent || where || heading.textContent || "";
  };

  const show = (): void => {
    const { state, start_url } = now;
    go.href = start_url ?? status_url;
    go.hidden = !start_url && state !== "parked" && state !== "held";
    if (state !== told) tell(state);
    if (start_url && !ready) {
      ready = true;
      emit("ready", { reference, start_url });
    }
    told = state;
    opened ||= state === "started";
    const words = showWait(now);
    if (launcher && !left) launcher.textContent = words;
  };

  const back = (): void => {
    left = true;
    forget(site);
    form.hidden = false;
    if (launcher) launcher.textContent = bare;
  };

  go.onclick = () => {
    if (go.href === status_url) return;
    opened = true;
    if (now.state === "ready") tell("started");
  };
  picture.onclick = async () => {
    if (picture.ariaDisabled) return;
    picture.ariaDisabled = "true";
    const { pictures } = await pictureFile(server);
    picture.ariaDisabled = null;
    if (left || !now.wait?.pictures_left) return;
    adding = pictures(picture, poll_url, now.wait.pictures_left, context);
    picture.hidden = true;
  };
  other.onclick = () => {
    back();
    place.remove();
  };
  cancel.onclick = async () => {
    cancel.ariaDisabled = "true";
    const [status] = await call(poll_url, context, { method: "DELETE" });
    cancel.ariaDisabled = "false";
    if (status === 200) now = { state: "ended", start_url: null };
    if (now.state === "ended") ended();
  };
  const ended = (): void => {
    show();
    cancel.hidden = other.hidden = true;
    adding?.remove();
    back();
  };

  for (let asked = 0; !left; asked++) {
    show();
    if (now.state === "ended") return ended();
    await sleep(now.start_url ? STARTED_EVERY_MS : Math.min(1_000 * 2 ** asked, SLOWEST_MS));
    if (signal.aborted || left) return;
    const [status, answer] = await call(poll_url, context);
    if (left) return;
    if (status === 200 && answer?.state) now = answer as State;
    if (status === 404 || status === 410) now = { state: "ended", start_url: null };
  }
};

const written = ({ mine, name, body }: Line, texts: Words): HTMLElement =>
  make("li", { dir: "auto" }, make("b", {}, mine ? texts.you : (name ?? texts.desk)), ` ${body}`);
