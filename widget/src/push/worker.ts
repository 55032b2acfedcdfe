/** The service worker of the console: shows what is pushed while no page of the console is looked at, and leads from it
 * to the ticket's page, which asks for a log-in. */

export {}; // a module of its own, whose names are not the page's

type Told = {
  title: string;
  url: string;
  silent: boolean;
  body: string;
  tag: string;
  lang: string;
  dir: "ltr" | "rtl";
};
type Later = Event & { waitUntil: (done: Promise<unknown>) => void };
type Tab = {
  focused: boolean;
  url: string;
  focus: () => Promise<unknown>;
  navigate: (url: string) => Promise<unknown>;
};
type Worker = {
  registration: ServiceWorkerRegistration;
  clients: { matchAll: (wanted: object) => Promise<Tab[]>; openWindow: (url: string) => Promise<unknown> };
  addEventListener: (kind: string, act: (event: never) => void) => void;
};

const worker = self as unknown as Worker;

const windows = (): Promise<Tab[]> => worker.clients.matchAll({ type: "window", includeUncontrolled: true });

const show = async ({ title, url, silent, ...said }: Told): Promise<void> => {
  const shown = await worker.registration.getNotifications({ tag: said.tag });
  const isLooked = (await windows()).some((one) => one.focused);
  // The page that is looked at rings by itself, and what is over need not be told there.
  if (isLooked) for (const one of shown) one.close();
  else {
    // Browsers want each push to be shown: what is over takes the place of what rang, without a sound.
    const options = { ...said, silent, renotify: !silent, data: { url: new URL(url).pathname } };
    await worker.registration.showNotification(title, options);
  }
};

worker.addEventListener("push", (event: Later & { data: { json: () => Told } | null }) => {
  const told = event.data?.json();
  if (told) event.waitUntil(show(told));
});

worker.addEventListener("notificationclick", (event: Later & { notification: Notification }) => {
  event.notification.close();
  const { url } = event.notification.data as { url: string };
  const open = async (): Promise<void> => {
    const here = (await windows()).find((one) => new URL(one.url).pathname === url);
    if (here) await here.focus();
    else await worker.clients.openWindow(url);
  };
  event.waitUntil(open());
});
