/** The page that posts to the vendor: it does so once automatically; coming back must not open a second session. */

const SEND_AFTER_MS = 600;

export const vendor = (form: HTMLFormElement): void => {
  if (history.state === "sent") return;
  const send = (): void => {
    history.replaceState("sent", "");
    form.requestSubmit();
  };
  const timer = setTimeout(send, SEND_AFTER_MS);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    history.replaceState("sent", "");
  });
};
