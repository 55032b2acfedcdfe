/** Fetched once a request is recorded. */

export { follow } from "./follow";
