import { fetched } from "./fetched";

/** The address and the integrity of the file that adds pictures; empty in the package, whose bundler finds it. */
declare const PICTURES: string;
declare const PICTURES_SUM: string;

/** What adds pictures to a recorded request. */
export const pictureFile = (server: string): Promise<typeof import("./pictures")> =>
  PICTURES ? fetched(server, PICTURES, PICTURES_SUM) : import("./pictures");
