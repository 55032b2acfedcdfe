import type { Context } from "./types";

const AGAIN = [408, 425, 429, 502, 503, 504];
const LIMIT_MS = 10_000;

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

// biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at where it is used
export type Reply = [status: number, answer: any];

/** Status (0: no answer) and JSON (null: none) of an address.
 *
 *  Asks up to five times, at random within 1, 2, 4 and 8 seconds of each other or as `Retry-After` says: with the
 *  same `init`, so with the same idempotency key. A longer wait than ten seconds is for the customer to decide on. */
export const call = async (url: string, { fetch, signal }: Context, init?: RequestInit): Promise<Reply> => {
  for (let tried = 0; ; tried++) {
    let status = 0;
    let answer = null;
    let wait = Math.random() * 1_000 * 2 ** tried;
    try {
      const response = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(LIMIT_MS), ...init });
      status = response.status;
      wait = Number(response.headers.get("Retry-After")) * 1_000 || wait;
      answer = { __proto__: null, ...(await response.json()) }; // what it does not say, the page's Object.prototype may
    } catch {}
    if ((status && !AGAIN.includes(status)) || tried > 3 || wait > LIMIT_MS || signal.aborted) return [status, answer];
    await sleep(wait);
  }
};
