/** Switches that this browser remembers: `<input type="checkbox" data-switch="sound">`. The page's `checked`
 * is the default; sound is on also where the page has no switch for it. */

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

export const isOn = (name: string): boolean =>
  box(name)?.checked ?? (kept(name) ?? (name === "sound" ? "on" : "off")) === "on";

const hasTurn = (name: string, what: string, within: number): boolean => {
  const [at, before] = JSON.parse(kept(name) ?? "[0]") as [number, string?];
  if (before === what && Date.now() - at < within) return false;
  try {
    localStorage.setItem(KEPT + name, JSON.stringify([Date.now(), what]));
  } catch {
    // Each tab acts.
  }
  return true;
};

/** Acts in one of the browser's tabs that hear of the same thing within so many milliseconds. */
export const once = (name: string, what: string, within: number, act: () => void): void => {
  if (!navigator.locks) {
    if (hasTurn(name, what, within)) act();
    return;
  }
  void navigator.locks.request(`${KEPT}${name} ${what}`, { ifAvailable: true }, (lock) => {
    if (!lock) return undefined;
    act();
    return new Promise((done) => setTimeout(done, within));
  });
};

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
