// The texts of all languages, from the catalogues of the pages.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../app/translations/", import.meta.url));
const SOURCE = "en";
const CALL = /_\(\s*("(?:[^"\\]|\\.)*"),?\s*\)/g;

/** The tags of all languages in the form of `lang` attributes (`pt-BR`), English first. */
export const languages = async () => {
  const found = (await readdir(FOLDER)).filter((name) => existsSync(`${FOLDER}${name}/LC_MESSAGES/messages.mo`));
  return [SOURCE, ...found.map((name) => name.replace("_", "-")).sort()];
};

/** `rtl` or `ltr`. */
export const direction = (language) => (/^(ar|fa|he|ur|yi)\b/.test(language) ? "rtl" : "ltr");

/** The translations of a language by their English text. */
export const catalogue = async (language) => {
  if (language === SOURCE) return new Map();
  const bytes = await readFile(`${FOLDER}${language.replace("-", "_")}/LC_MESSAGES/messages.mo`);
  const [count, originals, translations] = [8, 12, 16].map((at) => bytes.readUInt32LE(at));
  const text = (table, at) => {
    const [length, start] = [bytes.readUInt32LE(table + 8 * at), bytes.readUInt32LE(table + 8 * at + 4)];
    return bytes.toString("utf8", start, start + length);
  };
  return new Map(Array.from({ length: count }, (_, at) => [text(originals, at), text(translations, at)]));
};

/** The source with each `_("…")` replaced by its translation, or its English text where there is none. */
export const translated = (source, texts) =>
  source.replace(CALL, (_, literal) => JSON.stringify(texts.get(JSON.parse(literal)) || JSON.parse(literal)));
