/** Sends one file in pieces of a megabyte, each on the server's disk before the next, until all of it is there. */

const CHUNK = 1024 * 1024; // bytes, as the server keeps them
const LIMIT_MS = 120_000; // for one piece
const SLOWEST_MS = 15_000;

export type Sending = {
  /** Where files are begun. */
  address: string;
  headers: () => Record<string, string>;
  file: File;
  key: string;
  source: string | undefined;
  stop: AbortSignal;
  progress: (bytes: number) => void;
  /** The server cannot be reached, or can be again. */
  waits: (on: boolean) => void;
};

type Answer = { id: number | null; file: string; at: number };
type Tried = { answer: Answer } | { refused: string } | { wait: number | null };

const read = (call: XMLHttpRequest): Tried => {
  let said: Partial<Answer> & { error?: string } = {};
  try {
    said = JSON.parse(call.responseText) as typeof said;
  } catch {
    // Not from Handbell, or nothing at all.
  }
  if (call.status === 200 && typeof said.file === "string" && typeof said.at === "number")
    return { answer: { id: said.id ?? null, file: said.file, at: said.at } };
  const again = call.status < 400 || call.status === 408 || call.status === 429 || call.status >= 500;
  if (!again) return { refused: said.error ?? "field" };
  return { wait: Number(call.getResponseHeader("Retry-After")) * 1_000 || null };
};

/** Waits, at most until the network is back. */
const pause = (ms: number, stop: AbortSignal): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, ms);
    addEventListener("online", () => done(), { once: true, signal: stop });
    stop.addEventListener("abort", () => done());
  });

/** Returns why the file is not taken, by the server's code; "" once it is in the conversation, or cancelled. */
export const send = async (sending: Sending): Promise<string> => {
  const { address, file, key, source, stop } = sending;

  const post = (path: string, body: Blob, type: string, from: number): Promise<Tried> =>
    new Promise((done) => {
      const call = new XMLHttpRequest();
      call.open("POST", `${address}${path}`);
      call.timeout = LIMIT_MS;
      for (const [name, value] of Object.entries({ ...sending.headers(), "Content-Type": type }))
        call.setRequestHeader(name, value);
      call.upload.onprogress = ({ loaded }) => sending.progress(from + loaded);
      call.onloadend = () => done(read(call));
      stop.addEventListener("abort", () => call.abort());
      call.send(body);
    });

  const begin = (): Promise<Tried> => {
    const said = JSON.stringify({ key, name: file.name, size: file.size, ...(source ? { source } : {}) });
    return post("", new Blob([said]), "application/json", 0);
  };

  let known: Answer | undefined;
  let failed = 0;
  while (!stop.aborted) {
    const at = known?.at ?? 0;
    const tried = known
      ? await post(`/${known.file}?at=${at}`, file.slice(at, at + CHUNK), "application/octet-stream", at)
      : await begin();
    if (stop.aborted) break;
    if ("refused" in tried) return tried.refused;
    if ("wait" in tried) {
      failed += 1;
      sending.waits(true);
      await pause(tried.wait ?? Math.min(500 * 2 ** failed, SLOWEST_MS), stop);
      known = undefined; // the server says what it has
      continue;
    }
    failed = 0;
    sending.waits(false);
    known = tried.answer;
    sending.progress(known.at);
    if (known.id !== null) return "";
  }
  if (known) await post(`/${known.file}/cancel`, new Blob(), "application/json", 0);
  return "";
};
