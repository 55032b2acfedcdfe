/** Lets "Back to the queue" lead to the page of the queue, with filters and search, that the user came from. */

import { find } from "../pages/page";
import { remember, remembered } from "./tab";

const PLACE = "queue";

export const queuePlace = (): void => {
  if (find("#rows")) remember(PLACE, location.search);
  const back = find("a[data-back]") as HTMLAnchorElement | null;
  const place = remembered(PLACE);
  if (back && place !== undefined) back.search = place;
};
