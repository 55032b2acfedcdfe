import type { Context } from "./types";

/** Fills in the customer's known details. Vouched ones cannot be changed; typed ones come before prefilled ones. */
export const fill = (form: HTMLFormElement, { known, draft }: Context): void => {
  for (const input of form.elements as unknown as Iterable<HTMLInputElement>) {
    const { id, name } = input;
    const sure = known.claims?.[id];
    const value = sure ?? draft[name] ?? known.given[id] ?? known.given[name];
    if (value != null) input.value = `${value}`;
    input.readOnly = sure != null;
  }
};
