/** Counts unread lines in the tab's title: "(2) Ticket 100017". */

const COUNT = /^\(\d+\) /;

export const titleCount = (): { show: (count: number) => void } => {
  let shown = 0;
  const put = (): void => {
    const words = `${shown ? `(${shown}) ` : ""}${document.title.replace(COUNT, "")}`;
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
