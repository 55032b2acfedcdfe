import { language } from "./page";

/** Shows a moment on the clock of the customer's own device, in the page's language. */
export const onOwnClock = (moment: HTMLTimeElement): void => {
  moment.textContent = new Intl.DateTimeFormat(language(), {
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: "numeric",
    minute: "2-digit",
  }).format(new Date(moment.dateTime));
};
