/** What the server and the two pages of a live session say to each other, as JSON. Times are ISO 8601, UTC. */

/** A file of a line. `source` is what a technician's picture of the screen is: "snapshot" or "drawing". */
export type Kept = {
  id: string;
  name: string;
  type: string;
  size: number;
  picture: boolean;
  width: number | null;
  height: number | null;
  source: string | null;
};

/** One line of the conversation. `mine` is true for the lines of this side's person; `key` only comes with those. */
export type Line = {
  id: number;
  at: string;
  who: "customer" | "technician" | "desk";
  name: string | null;
  mine: boolean;
  kind: string;
  body: string;
  key: string | null;
  file: Kept | null;
};

/** A message from one page to another one, for WebRTC. `from` is the id of a page load. */
export type Signal = { id: number; from: string; kind: string; body: string };

export type Other = { here: "page" | "hidden" | "gone"; since: string | null; typing: boolean; read: number };

export type State = {
  ticket: "waiting" | "active" | "closed" | "cancelled" | "expired" | "moved";
  mine: boolean;
  helper: string | null;
  may_write: boolean;
  may_screen: boolean;
  screen: "off" | "asked" | "shared" | "stopped" | "refused";
  other: Other;
  place: number | null;
  queue_label: string | null;
  outlook?: string;
  unread: number;
};

export type Answer = { lines: Line[]; more: boolean; signals: Signal[]; signal: number; state: State };

export type Ice = { servers: RTCIceServer[]; relay_only: boolean };

/** A message to the server; `from` is added by the channel. */
export type Message = { kind: string; body: string; key: string; to: string | null };

/** A random id of 128 bits. `crypto.randomUUID` does not exist on pages over plain http. */
export const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
