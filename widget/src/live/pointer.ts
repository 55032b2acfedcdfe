/** What goes over the data channel, both ways: `[kind, x, y]` as JSON, with x and y from 0 to 1.
 *
 * The other side is a stranger: whatever has another form, is too long or comes too often is dropped.
 */

export const MOVE = 0; // the technician's pointer, over the customer's picture
export const PRESS = 1; // "look here"
export const AWAY = 2; // the pointer has left the picture
export const VOICE = 3; // x is 1: this side wants to talk, 0: it does not
export const SHOWING = 4; // x is 1: this page shows something, 0: it does not

export type Note = readonly [kind: number, x: number, y: number];

const LONGEST = 200; // characters of ASCII, as nothing else is a number
const MOST = 30; // a second, received
const MOVES_MS = 50; // between sent moves, which leaves room for the others

const isShare = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= 1;

export const parse = (text: unknown): Note | null => {
  if (typeof text !== "string" || text.length > LONGEST) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || value.length !== 3) return null;
    const [kind, x, y] = value as unknown[];
    const known = typeof kind === "number" && Number.isInteger(kind) && kind >= MOVE && kind <= SHOWING;
    return known && isShare(x) && isShare(y) ? [kind, x, y] : null;
  } catch {
    return null;
  }
};

/** Whether one more message may come now. */
export const atMost = (most = MOST): (() => boolean) => {
  let begin = 0;
  let count = 0;
  return () => {
    const now = performance.now();
    if (now - begin >= 1_000) {
      begin = now;
      count = 0;
    }
    count += 1;
    return count <= most;
  };
};

/** Sends notes through `send`: of moves the newest, after a moment; all others at once. */
export const pacedSender = (send: (text: string) => void): ((note: Note) => void) => {
  let next: Note | null = null;
  let timer = 0;
  const flush = (): void => {
    timer = 0;
    if (!next) return;
    send(JSON.stringify(next));
    next = null;
    timer = setTimeout(flush, MOVES_MS);
  };
  return (note) => {
    const rounded: Note = [note[0], Number(note[1].toFixed(4)), Number(note[2].toFixed(4))];
    if (note[0] === MOVE) {
      next = rounded;
      if (!timer) flush();
      return;
    }
    next = null;
    send(JSON.stringify(rounded));
  };
};
