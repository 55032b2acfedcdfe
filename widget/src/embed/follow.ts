import { call, sleep } from "./call";
import type { Texts } from "./later-texts";
import { make } from "./make";
import type { Context, Recorded } from "./types";
import { waitTexts } from "./wait-texts";

const SLOWEST_MS = 10_000;

/** Shows the state of a recorded request in `place`, instead of its form, and polls while it waits. */
export const follow = async (
  form: HTMLElement,
  place: HTMLElement,
  words: Texts,
  recorded: Recorded,
  context: Context,
): Promise<void> => {
  const texts = { ...waitTexts, ...words };
  const { signal, emit } = context;
  const { reference, status_url, poll_url } = recorded;
  const heading = make("h3", {});
  const note = make("p", {});
  const go = make("a", { part: "start", target: "_blank", rel: "noopener" });
  const code = make("b", { translate: false, dir: "ltr" }, reference);
  const keep = make("p", {}, texts.reference, " ", code);
  place.replaceChildren(heading, note, go, keep, make("p", {}, texts.trust));

  const tell = (state: string): void => {
    const text = (key: string): string => texts[key as keyof typeof texts] ?? "";
    heading.textContent = text(state);
    note.textContent = text(`${state}_note`);
    go.textContent =
      state === "started"
        ? texts.again
        : state === "parked"
          ? texts.retry
          : state === "held"
            ? texts.person
            : texts.start;
  };
  go.onclick = () => go.href !== status_url && tell("started");

  let { state, start_url } = recorded;
  for (let asked = 0, told = ""; ; asked++) {
    go.href = start_url ?? status_url;
    go.hidden = !start_url && state !== "parked" && state !== "check";
    if (state !== told) tell(state);
    told = state;
    if (start_url) return emit("ready", { reference, start_url });
    if (state === "ended") {
      form.hidden = false;
      return;
    }
    await sleep(Math.min(1_000 * 2 ** asked, SLOWEST_MS)); // browsers make it longer in a hidden page
    if (signal.aborted) return;
    const [status, answer] = await call(poll_url, context);
    if (status === 200 && answer?.state) ({ state, start_url } = answer);
    if (status === 404 || status === 410) state = "ended";
  }
};
