/** Tells a ticket's page of its news.
 *
 * A browser opens at most six connections to a server over HTTP/1.1, and the console's pages share one for their stream.
 * So three pages of tickets have a stream of their own; further ones ask every two seconds, and at once when the shared
 * stream (console/stream.ts) tells of a new line.
 */

import type { Listen } from "../live/channel";

/** An event of the window: its detail is the ticket's number, or null when the shared stream begins. */
export const NEWS = "handbell-news";

const SLOTS = ["handbell-ticket-1", "handbell-ticket-2", "handbell-ticket-3"];

/** Takes a lock until the page is closed; false when another page has it. */
const take = (name: string): Promise<boolean> =>
  new Promise((done) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      done(Boolean(lock));
      return lock ? new Promise<never>(() => undefined) : undefined;
    });
  });

const hasSlot = async (): Promise<boolean> => {
  for (const name of SLOTS) if (await take(name)) return true;
  return false;
};

export const news =
  (ticket: number) =>
  (own: Listen): Listen =>
  (changed) => {
    let streams = (): boolean => false;
    void hasSlot().then((has) => {
      if (has) streams = own(changed);
    });
    addEventListener(NEWS, (event) => {
      const of = (event as CustomEvent<number | null>).detail;
      if (of === ticket || of === null) changed();
    });
    return () => streams();
  };
