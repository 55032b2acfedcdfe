import type { Context } from "./types";

const AGAIN = [408, 425, 429, 502, 503, 504];
const LIMIT_MS = 10_000;

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

// biome-ignore lint/suspicious/noExplicitAny: a server's answer is checked where it is used
export type Reply = [status: number, answer: any];

/** Calls an address; gives the status (0: no answer) and the JSON (null: none).
 *
 *  Tries up to five times, with random pauses of up to 1, 2, 4 and 8 seconds or as `Retry-After` says, always with the
 *  same `init` and so with the same idempotency key. When the pause would exceed ten seconds it stops, so that the
 *  customer decides. */
export const call = async (url: string, { fetch, signal }: Context, init?: RequestInit): Promise<Reply> => {
  for (let tried = 0; ; tried++) {
    let status = 0;
    let answer = null;
    let wait = Math.random() * 1_000 * 2 ** tried;
    try {
      const response = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(LIMIT_MS), ...init });
      status = response.status;
      wait = Number(response.headers.get("Retry-After")) * 1_000 || wait;
      answer = { __proto__: null, ...(await response.json()) }; // else the page's Object.prototype may add members
    } catch {}
    if ((status && !AGAIN.includes(status)) || tried > 3 || wait > LIMIT_MS || signal.aborted) return [status, answer];
    await sleep(wait);
  }
};
