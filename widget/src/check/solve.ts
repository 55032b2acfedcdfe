/**
 * The answer to the check that busy senders are asked for, by ALTCHA's own solver: a module that is loaded only when the
 * server asks. ALTCHA's whole element cannot run under our pages' Content-Security-Policy (trusted types, no workers),
 * nor under a careful company's; its solver can.
 */

import { type Challenge, pbkdf2, solveChallenge } from "altcha/lib";

const GIVE_UP_MS = 30_000;

/** What is sent back as `check`. Raises where there is no answer in time, or no cryptography (plain http). */
export const solve = async (challenge: Challenge): Promise<string> => {
  const solution = await solveChallenge({ challenge, deriveKey: pbkdf2.deriveKey, timeout: GIVE_UP_MS });
  if (!solution) throw new Error("no answer in time");
  return btoa(JSON.stringify({ challenge, solution }));
};
