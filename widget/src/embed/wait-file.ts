import { fetched } from "./fetched";

/** The address and the integrity of the file with the wait; empty in the package, whose bundler finds it. */
declare const WAIT: string;
declare const WAIT_SUM: string;

/** What shows a recorded request. */
export const waitFile = (server: string): Promise<typeof import("./wait")> =>
  WAIT ? fetched(server, WAIT, WAIT_SUM) : import("./wait");
