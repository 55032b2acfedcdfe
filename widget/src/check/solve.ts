/**
 * Solves the check for busy senders with ALTCHA's own solver; this module is loaded only when the server asks for it.
 * ALTCHA's complete element cannot run under our pages' Content-Security-Policy (trusted types, no workers), nor under
 * a careful company's; its solver can.
 */

import { type Challenge, pbkdf2, solveChallenge } from "altcha/lib";

const GIVE_UP_MS = 30_000;

/** The value to send as `check`. Throws when there is no solution in time, or no cryptography (plain http). */
export const solve = async (challenge: Challenge): Promise<string> => {
  const solution = await solveChallenge({ challenge, deriveKey: pbkdf2.deriveKey, timeout: GIVE_UP_MS });
  if (!solution) throw new Error("no answer in time");
  return btoa(JSON.stringify({ challenge, solution }));
};
