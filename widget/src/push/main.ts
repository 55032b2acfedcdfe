/** The account page's part about browsers that ring while the console is closed: lets this one be told, and marks it. */

import { find, write } from "../pages/page";

const WORKER = "/console/worker.js";
const ADDRESS = "/console/account/browsers";
const CREATED = 201;

const token = (): string => document.querySelector<HTMLInputElement>("input[name='csrf_token']")?.value ?? "";
const call = (address: string, given: Record<string, string> = {}): Promise<Response> =>
  fetch(address, { method: "POST", body: new URLSearchParams(given), headers: { "X-CSRF-Token": token() } });

const base64url = (raw: ArrayBuffer | null): string =>
  btoa(String.fromCharCode(...new Uint8Array(raw ?? new ArrayBuffer())))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** The address of our service worker as a browser with Trusted Types wants it. */
const address = (): string => {
  type Policies = { createPolicy: (name: string, rules: object) => { createScriptURL: (url: string) => string } };
  const { trustedTypes } = window as unknown as { trustedTypes?: Policies };
  const policy = trustedTypes?.createPolicy("handbell-worker", { createScriptURL: () => WORKER });
  return policy?.createScriptURL("") ?? WORKER;
};

const send = (one: PushSubscription): Promise<Response> =>
  call(ADDRESS, {
    endpoint: one.endpoint,
    p256dh: base64url(one.getKey("p256dh")),
    auth: base64url(one.getKey("auth")),
  });

const markOf = async (one: PushSubscription): Promise<string> => {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(one.endpoint)));
  return [...sum.slice(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

const subscribed = async (): Promise<PushSubscription | null> => {
  const registration = await navigator.serviceWorker.getRegistration("/console/");
  return (await registration?.pushManager.getSubscription()) ?? null;
};

const subscribe = async (): Promise<PushSubscription> => {
  await navigator.serviceWorker.register(address(), { scope: "/console/" });
  const { pushManager } = await navigator.serviceWorker.ready;
  const answer = await call(`${ADDRESS}/key`);
  const { key } = (await answer.json()) as { key: string };
  const wanted = { userVisibleOnly: true, applicationServerKey: key };
  const before = await pushManager.getSubscription();
  // One that was made with another key cannot be used any more.
  if (before && base64url(before.options.applicationServerKey) !== key) await before.unsubscribe();
  return pushManager.subscribe(wanted);
};

const push = async (part: HTMLElement): Promise<void> => {
  const button = part.querySelector("button[data-on]") as HTMLButtonElement;
  const problem = part.querySelector<HTMLElement>("[data-problem]");
  const complain = (words: string | undefined): void => {
    if (problem) problem.hidden = !words;
    write(problem, words ?? "");
  };
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    complain(part.dataset.cannot);
    return;
  }
  const now = await subscribed();
  const mark = now ? await markOf(now) : "";
  const row = mark ? part.querySelector<HTMLElement>(`[data-mark="${mark}"]`) : null;
  if (now && row) {
    const tag = row.querySelector<HTMLElement>("[data-here]");
    if (tag) tag.hidden = false;
    void send(now); // it is told as long as this session is not ended from elsewhere
    row.querySelector("form[action$='/remove']")?.addEventListener("submit", () => void now.unsubscribe());
    return;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    complain("");
    if ((await Notification.requestPermission()) !== "granted") {
      complain(part.dataset.blocked);
      return;
    }
    button.disabled = true;
    try {
      const answer = await send(await subscribe());
      if (answer.status === CREATED) location.reload();
      else complain(((await answer.json()) as { error?: string }).error ?? part.dataset.failed);
    } catch {
      complain(part.dataset.failed);
    }
    button.disabled = false;
  });
};

const part = find("#browsers");
if (part) void push(part);
