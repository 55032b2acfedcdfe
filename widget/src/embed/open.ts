import type { Recorded } from "./types";

/** The open request of this tab, in its `sessionStorage`. The page gets the same by the event `submit`. */
const KEY = "handbell-open:";

export const recall = (site: string): Recorded | null => {
  try {
    const found = JSON.parse(sessionStorage[KEY + site]);
    return typeof found.poll_url === "string" && typeof found.status_url === "string" ? found : null;
  } catch {
    return null;
  }
};

export const remember = (site: string, recorded: Recorded): void => {
  try {
    sessionStorage[KEY + site] = JSON.stringify(recorded);
  } catch {}
};

export const forget = (site: string): void => {
  try {
    delete sessionStorage[KEY + site];
  } catch {}
};
