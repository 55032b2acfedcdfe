/** The element of a line with a file: a picture is shown, everything else is a download. As in templates/live_file.html. */

import { fill, language } from "../pages/page";
import type { Line } from "./wire";

const [WIDEST, HIGHEST] = [416, 352]; // pixels, as app/core/live_file.py has them

const sizeWords = (size: number): string => {
  const large = size >= 1024 ** 2;
  const shown = { style: "unit", unit: large ? "megabyte" : "kilobyte", maximumFractionDigits: 1 } as const;
  return (size / (large ? 1024 ** 2 : 1024)).toLocaleString(language(), shown);
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
    if (file.width && file.height) {
      const image = add("img", "");
      image.loading = "lazy";
      const factor = Math.min(1, WIDEST / file.width, HIGHEST / file.height);
      image.width = file.width * factor;
      image.height = file.height * factor;
      image.alt = fill(log.dataset.picture, file.name);
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
