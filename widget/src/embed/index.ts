import { begin } from "./start";
import type { Handbell, Options } from "./types.js";

export type { Events, Handbell, Options, Prefill } from "./types.js";

/** Sets the widget up; `destroy()` of what it returns removes it. */
export const start = (options: Options): Handbell =>
  begin({ ...options, prefill: { department: options.department, ...options.prefill } }, () => import("./later"));
