/** The company's own script on /demo: identifies its customer, and listens to events. */

type Call = [name: string, ...args: unknown[]];
const page = window as { Handbell?: { push(call: Call): void } };
const list = document.querySelector("#heard");
const { identity } = document.body.dataset;

page.Handbell ??= [] as Call[];
if (identity) page.Handbell.push(["identify", identity]);
for (const event of ["open", "close", "submit", "ready", "error"]) {
  const note = (detail: unknown): void => {
    const line = document.createElement("li");
    line.textContent = detail ? `${event} ${JSON.stringify(detail)}` : event;
    list?.append(line);
  };
  page.Handbell.push(["on", event, note]);
}
