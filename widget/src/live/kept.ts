/** The element of a line with a file: a picture is shown, everything else is a download. As in templates/live_file.html. */

import type { Line } from "./wire";

const [WIDEST, HIGHEST] = [416, 352]; // pixels, as app/core/live_file.py has them
const UNITS = ["byte", "kilobyte", "megabyte"];

const sizeWords = (size: number): string => {
  const power = Math.min(2, Math.floor(Math.log2(size || 1) / 10));
  const shown = { style: "unit", unit: UNITS[power], maximumFractionDigits: 1 } as Intl.NumberFormatOptions;
  return new Intl.NumberFormat(document.documentElement.lang || "en", shown).format(size / 1024 ** power);
};

export const kept =
  (log: HTMLElement, base: string) =>
  ({ file, body }: Line): HTMLElement => {
    const box = document.createElement("div");
    box.className = "said kept";
    const add = <Name extends keyof HTMLElementTagNameMap>(name: Name, text: string, to: Element = box) => {
      const element = document.createElement(name);
      element.textContent = text;
      to.append(element);
      return element;
    };
    if (!file) {
      add("p", body);
      return box;
    }
    const address = `${base}/files/${file.id}`;
    if (file.source) add("p", log.getAttribute(`data-file-${file.source}`) ?? "").className = "soft";
    if (file.picture) {
      const image = add("img", "");
      image.loading = "lazy";
      const [width, height] = [file.width ?? 1, file.height ?? 1];
      const factor = Math.min(1, WIDEST / width, HIGHEST / height);
      image.width = width * factor;
      image.height = height * factor;
      image.alt = (log.dataset.picture ?? "").replace("{name}", () => file.name);
      image.src = address;
    }
    const words = add("p", "");
    const link = add("a", "", words);
    add("bdi", file.name, link);
    link.href = address;
    link.download = file.name;
    words.append(" ");
    add("span", sizeWords(file.size), words).className = "soft";
    return box;
  };
