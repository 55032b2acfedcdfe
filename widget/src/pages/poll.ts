/** Polls an address for JSON: more slowly while the page is hidden, and at once when it is shown or back online. */

const ASK_LIMIT_MS = 8_000;
const HIDDEN_EVERY_MS = 10_000;
const REST_EVERY_MS = 15_000;
const REST_ASKS = 240; // for an hour of visible time
const REST_LATER_MS = 60_000;

/** Milliseconds until the next poll, from the number of polls and of successive failures. */
export type Pace = (asked: number, failed: number) => number;

/** `heard` gets each answer, or null once the address is gone (404, 410), and returns true to continue. With `shown` it
 *  pauses while the page is hidden. */
export const poll = <T>(url: string, pace: Pace, heard: (answer: T | null) => boolean, shown = false): void => {
  let asked = 0;
  let failed = 0;
  let timer = 0;
  let asking = false;
  const stop = new AbortController();

  const ask = async (): Promise<void> => {
    if (asking || (shown && document.hidden)) return;
    asking = true;
    clearTimeout(timer);
    let goOn = true;
    try {
      const response = await fetch(url, {
        headers: { Accept: "application/json" },
        cache: "no-store",
        signal: AbortSignal.timeout(ASK_LIMIT_MS),
      });
      const gone = response.status === 404 || response.status === 410;
      if (!gone && !response.ok) throw response.status;
      const answer = gone ? null : ((await response.json()) as T);
      failed = 0;
      goOn = heard(answer);
    } catch {
      failed += 1;
    }
    asking = false;
    asked += 1;
    if (goOn) next();
    else stop.abort();
  };

  const next = (): void => {
    clearTimeout(timer);
    const pause = pace(asked, failed);
    timer = setTimeout(ask, document.hidden ? Math.max(pause, HIDDEN_EVERY_MS) : pause);
  };

  document.addEventListener("visibilitychange", ask, { signal: stop.signal });
  addEventListener("online", ask, { signal: stop.signal });
  next();
};

/** Polls rarely after the end, as the desk may reopen the ticket; once `over` is false, loads `refresh`. */
export const rest = <T>(url: string, refresh: string, over: (answer: T) => boolean): void => {
  poll<T>(
    url,
    (asked) => (asked < REST_ASKS ? REST_EVERY_MS : REST_LATER_MS),
    (answer) => {
      if (answer && over(answer)) return true;
      location.replace(refresh);
      return false;
    },
    true,
  );
};
