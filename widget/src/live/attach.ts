/** Files that this page sends. Their script is a file of its own, fetched once the person may write. */

import { find } from "../pages/page";

/** What the script of files needs of a page; see widget/src/files/main.ts. */
export type Attaching = {
  list: HTMLElement;
  headers: Record<string, string>;
  /** A file is in the conversation. */
  sent: () => void;
};

/** Sends files; a `source` is what a technician's picture of the screen is. */
export type Add = (files: Iterable<File>, source?: string) => void;

export type Attach = {
  /** Whether the person may write now. */
  allow: (on: boolean) => void;
  add: Add;
};

type Script = { attaching: (page: Attaching) => { add: Add; allow: (on: boolean) => void } };

/** `headers` are those of each call, as they are at that moment. */
export const attach = (headers: () => Record<string, string>, sent: () => void): Attach => {
  const list = find("#arriving") as HTMLElement;
  let allowed = false;
  let script: Promise<ReturnType<Script["attaching"]> | undefined> | undefined;
  const load = (): NonNullable<typeof script> =>
    (script ??= import(list.dataset.script ?? "").then(
      ({ attaching }: Script) =>
        attaching({
          list,
          sent,
          get headers() {
            return headers();
          },
        }),
      () => (script = undefined), // the next answer of the server tries again
    ));
  return {
    allow: (on) => {
      if (on === allowed && script) return;
      allowed = on;
      if (on || script) void load().then((files) => files?.allow(allowed));
    },
    add: (files, source) => void load().then((loaded) => loaded?.add(files, source)),
  };
};
