/** Counts unread lines in the tab's title: "(2) Ticket 100017". */

/** Stands before the title while something rings (console/bell.ts). */
export const SIGN = "🔔 ";
/** The name of a lock that a ticket's page holds, with the ticket's number. */
export const SHOWS = "handbell-shows-";

const COUNT = /^\(\d+\) /;

export const titleCount = (): { show: (count: number) => void } => {
  let shown = 0;
  const put = (): void => {
    const sign = document.title.startsWith(SIGN) ? SIGN : "";
    const bare = document.title.slice(sign.length).replace(COUNT, "");
    const words = `${sign}${shown ? `(${shown}) ` : ""}${bare}`;
    if (document.title !== words) document.title = words;
  };
  // The page's renewal writes the title as the server has it.
  const title = document.querySelector("title");
  if (title) new MutationObserver(put).observe(title, { childList: true });
  return {
    show: (count) => {
      shown = count;
      put();
    },
  };
};
