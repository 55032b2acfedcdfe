import type { Context, Draft } from "./types";

const KEY = "handbell:";

// Storage may be forbidden (sandboxed frames) or contain anything.
/** The typed, unsent values by name. */
export const read = (site: string): Draft => {
  try {
    return JSON.parse(sessionStorage[KEY + site]);
  } catch {
    return {};
  }
};

/** Stores the draft; an empty one is removed. */
export const keep = ({ site, draft }: Context): void => {
  try {
    if (draft.key) sessionStorage[KEY + site] = JSON.stringify(draft);
    else delete sessionStorage[KEY + site];
  } catch {}
};

/** A new idempotency key. (`randomUUID` is missing on http pages.) */
export const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");
