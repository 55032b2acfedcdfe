/** Fetched after the form, so that the form does not wait for it. */

export { apply } from "./apply";
export { resume, send } from "./send";
