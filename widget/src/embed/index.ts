import { begin } from "./start";
import type { Handbell, Options } from "./types.js";

export type { Events, Handbell, Language, Options, Prefill } from "./types.js";

/** Sets the widget up; `destroy()` of the result removes it. */
export const start = (options: Options): Handbell => {
  const prefill = { department: options.department, ...options.prefill };
  return begin({ ...options, server: inFull(options.server), prefill }, () => import("./later"));
};

/** Completes a bare path with this page's own origin, ignoring `<base>`. */
const inFull = (server: string): string => (/^(\w+:)?\/\//.test(server) ? server : location.origin + server);
