/** "Back to the queue" leads to the page of the queue, its filters and search from which somebody came. */

import { find } from "../pages/page";
import { remember, remembered } from "./tab";

const PLACE = "queue";

export const queuePlace = (): void => {
  if (find("#rows")) remember(PLACE, location.search);
  const back = find("a[data-back]") as HTMLAnchorElement | null;
  const place = remembered(PLACE);
  if (back && place !== undefined) back.search = place;
};
