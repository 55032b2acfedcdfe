/** What is fetched once the form is there, so that the form waits for none of it. */

export { apply } from "./apply";
export { send } from "./send";
