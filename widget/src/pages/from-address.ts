/** Fills in fields that are empty from the address (`#customer_number=PC-42`), which reaches no server. */
export const fromAddress = (form: HTMLFormElement): void => {
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    const field = form.elements.namedItem(name);
    const isOurs = /^(customer_|problem_d)/.test(name);
    if (isOurs && (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) field.value ||= value;
  }
};
