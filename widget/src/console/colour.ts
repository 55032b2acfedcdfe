/** Puts the browser's colour picker beside each field for a colour; both show the same. */

const WHOLE = /^#[0-9a-f]{6}$/i;

export const colourPickers = (): void => {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[data-pick]")) {
    const picker = document.createElement("input");
    picker.type = "color";
    picker.ariaLabel = field.dataset.pick ?? "";
    const follow = (): void => {
      const written = field.value.trim() || field.placeholder;
      if (WHOLE.test(written)) picker.value = written;
    };
    picker.addEventListener("input", () => {
      field.value = picker.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", follow);
    follow();
    const row = document.createElement("span");
    row.className = "pick";
    field.replaceWith(row);
    row.append(field, picker);
  }
};
