/** Solves a form's check, if any, while its sender types. Without an answer the next page asks again. */

type Check = { challenge: unknown; script: string };

const STALE_MS = 30_000;
const ASK_LIMIT_MS = 3_000;
const WAIT_LIMIT_MS = 20_000;

const answer = async (url: string): Promise<string> => {
  const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(ASK_LIMIT_MS) });
  const { check } = (await response.json()) as { check: Check | null };
  return check ? (await import(check.script)).solve(check.challenge) : "";
};

/** `sending` shows that the form is being sent. */
export const check = (form: HTMLFormElement, sending: () => void): void => {
  const url = form.dataset.check;
  const field = form.querySelector<HTMLInputElement>("input[name=check]");
  if (!url || !field) return;
  field.value = ""; // a browser may restore an old answer, which counts only once
  let asked = 0;
  let asking: Promise<void> | undefined;
  let answered = false;

  const ask = async (): Promise<void> => {
    asked = Date.now();
    answered = false;
    field.value = await answer(url).catch(() => "");
    answered = true;
  };

  const isFresh = (): boolean => !!field.value || Date.now() - asked < STALE_MS;

  form.addEventListener("focusin", () => {
    if (!isFresh()) asking = ask();
  });
  form.addEventListener("submit", async (event) => {
    if (answered && isFresh()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    sending();
    if (!asking || !isFresh()) asking = ask();
    await Promise.race([asking, new Promise((done) => setTimeout(done, WAIT_LIMIT_MS))]);
    answered = true;
    form.requestSubmit(event.submitter);
  });
};
