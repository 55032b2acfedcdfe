/** Fetched once a request is recorded. */

export { follow } from "./follow";
export { resume } from "./resume";
