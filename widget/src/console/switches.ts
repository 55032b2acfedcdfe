/** Switches that this browser remembers: `<input type="checkbox" data-switch="sound">`. The page's `checked`
 * is the default. */

const KEPT = "handbell-";

const box = (name: string): HTMLInputElement | null =>
  document.querySelector<HTMLInputElement>(`input[data-switch="${name}"]`);

const kept = (name: string): string | null => {
  try {
    return localStorage.getItem(KEPT + name);
  } catch {
    return null; // the browser stores nothing
  }
};

export const keep = (name: string, on: boolean): void => {
  const input = box(name);
  if (input) input.checked = on;
  try {
    localStorage.setItem(KEPT + name, on ? "on" : "off");
  } catch {
    // It is kept for this page only.
  }
};

export const isOn = (name: string): boolean => box(name)?.checked ?? false;

/** Calls `changed` when the user presses the switch. */
export const useSwitch = (name: string, changed: (on: boolean) => void = () => undefined): void => {
  const input = box(name);
  if (!input) return;
  const before = kept(name);
  if (before) input.checked = before === "on";
  input.addEventListener("change", () => {
    keep(name, input.checked);
    changed(input.checked);
  });
  addEventListener("storage", (event) => {
    if (event.key === KEPT + name && event.newValue) input.checked = event.newValue === "on";
  });
};
