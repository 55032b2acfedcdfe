import { follow } from "./follow";
import { make } from "./make";
import { recall } from "./open";
import { report } from "./report";
import type { Resume } from "./types";

/** Shows the open request of this tab again, unless its address is of another server. */
export const resume: Resume = async (build, context) => {
  report(context);
  const { server, site } = context;
  const open = recall(site);
  if (!open?.poll_url.startsWith(`${server}/`) || !open.status_url.startsWith(`${server}/`)) return;
  const form = build().querySelector("form");
  const texts = (await context.load())?.texts ?? {};
  if (!form) return;
  const place = make("div", { role: "status", tabIndex: -1, part: "result" });
  form.before(place);
  form.hidden = true;
  await follow(form, place, texts, { ...open, state: "waiting", start_url: null }, context);
};
