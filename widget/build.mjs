// Builds the pages' scripts and the widget into ../static, and the widget's package into dist/.
// With --check it writes nothing, and fails if a committed file differs from its build.
// With --package=FOLDER it builds only the package's scripts, into that folder.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { catalogue, direction, languages, translated } from "./catalogues.mjs";

const pages = [
  { source: "src/pages/main.ts", target: "../static/pages.js", format: "iife" },
  { source: "src/pages/status-page.ts", target: "../static/status.js", format: "iife" },
  { source: "src/console/main.ts", target: "../static/console.js", format: "iife" },
  { source: "src/console/website-check.ts", target: "../static/website-check.js", format: "iife" },
  { source: "src/customer/main.ts", target: "../static/live.js", format: "iife" },
  { source: "src/customer/ended.ts", target: "../static/ended.js", format: "iife" },
  { source: "src/push/main.ts", target: "../static/push.js", format: "iife" },
  { source: "src/push/worker.ts", target: "../static/worker.js", format: "iife" },
  { source: "src/ticket/main.ts", target: "../static/console-live.js", format: "iife" },
  { source: "src/files/main.ts", target: "../static/files.js", format: "esm" },
  { source: "src/ticket/draw.ts", target: "../static/draw.js", format: "esm" },
  { source: "src/pictures/form.ts", target: "../static/picture-form.js", format: "iife" },
  { source: "src/pictures/main.ts", target: "../static/pictures.js", format: "esm" },
  { source: "src/embed/capture.ts", target: "../static/capture.js", format: "esm" },
  { source: "src/demo/main.ts", target: "../static/demo.js", format: "iife" },
  { source: "src/check/solve.ts", target: "../static/vendor/altcha.js", format: "esm" },
];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const check = process.argv.includes("--check");
const only = process.argv.find((said) => said.startsWith("--package="))?.slice("--package=".length);
const read = (path) => readFile(here(path)).catch(() => Buffer.alloc(0));

const stale = (target) => {
  console.error(`${target} is not current: run make widget and commit the result`);
  process.exitCode = 1;
};

const put = async (target, made) => {
  if (!check) await writeFile(here(target), made);
  else if (!Buffer.from(made).equals(await read(target))) stale(target);
};

/** A file and its compressed versions. These are checked by their content, as another zlib may compress differently. */
const putPacked = async (target, made) => {
  const plain = Buffer.from(made);
  const brotli = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  await put(target, plain);
  if (check) {
    for (const [ending, unpacked] of [
      [".br", brotliDecompressSync],
      [".gz", gunzipSync],
    ]) {
      const packed = await read(target + ending);
      if (!packed.length || !unpacked(packed).equals(plain)) stale(target + ending);
    }
    return;
  }
  await writeFile(here(`${target}.br`), brotliCompressSync(plain, { params: brotli }));
  await writeFile(here(`${target}.gz`), gzipSync(plain, { level: 9 }));
};

/** Inserts one language's texts, and minified style sheets, into the sources. */
const inLanguage = (texts) => ({
  name: "in one language",
  setup({ onLoad }) {
    onLoad({ filter: /texts\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      return { loader: "ts", contents: translated(source, texts).replace(/^import.*gettext.*$/m, "") };
    });
    onLoad({ filter: /styles\.ts$/ }, async ({ path }) => {
      const parts = (await readFile(path, "utf8")).split("`");
      for (let at = 1; at < parts.length; at += 2) {
        const { code } = await transform(parts[at], { loader: "css", minify: true });
        parts[at] = code.trim();
      }
      return { loader: "ts", contents: parts.join("`") };
    });
  },
});

const options = {
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  tsconfigRaw: {},
  write: false,
};

const bundle = async (entry, more) => {
  const result = await build({ ...options, entryPoints: [here(entry)], ...more });
  return result.outputFiles[0].text;
};

const sum = (text, encoding) => createHash("sha256").update(text).digest(encoding);

const inOne = async (language) => ({
  define: { LANG: JSON.stringify(language), DIR: JSON.stringify(direction(language)) },
  plugins: [inLanguage(await catalogue(language))],
});

const buildPackage = async (language, outdir) => {
  const entryPoints = { [language]: here("src/embed/index.ts") };
  const { define, plugins } = await inOne(language);
  await build({
    ...options,
    plugins,
    define: { ...define, WAIT: '""', WAIT_SUM: '""', PICTURES: '""', PICTURES_SUM: '""' },
    entryPoints,
    format: "esm",
    splitting: true,
    outdir,
    write: true,
  });
};

const buildWidget = async (language) => {
  const { define, plugins } = await inOne(language);
  const pictures = await bundle("src/embed/pictures.ts", { format: "esm", plugins, define });
  define.PICTURES = JSON.stringify(`/widget/${sum(pictures, "hex").slice(0, 12)}/pictures.${language}.js`);
  define.PICTURES_SUM = JSON.stringify(`sha256-${sum(pictures, "base64")}`);
  const wait = await bundle("src/embed/wait.ts", { format: "esm", plugins, define });
  define.WAIT = JSON.stringify(`/widget/${sum(wait, "hex").slice(0, 12)}/wait.${language}.js`);
  define.WAIT_SUM = JSON.stringify(`sha256-${sum(wait, "base64")}`);
  const later = await bundle("src/embed/later.ts", { format: "esm", plugins, define });
  define.LATER = JSON.stringify(`/widget/${sum(later, "hex").slice(0, 12)}/later.${language}.js`);
  define.SUM = JSON.stringify(`sha256-${sum(later, "base64")}`);
  const main = await bundle("src/embed/main.ts", { format: "iife", plugins, define });
  await putPacked(`../static/widget/pictures.${language}.js`, pictures);
  await putPacked(`../static/widget/wait.${language}.js`, wait);
  await putPacked(`../static/widget/later.${language}.js`, later);
  await putPacked(`../static/widget/handbell.${language}.js`, main);
};

/** Files of removed languages. */
const clean = async (known) => {
  for (const name of await readdir(here("../static/widget"))) {
    const language = /^(?:handbell|later|pictures|wait)\.(.+?)\.js/.exec(name)?.[1];
    if (!language || known.includes(language)) continue;
    if (check) stale(`../static/widget/${name}`);
    else await rm(here(`../static/widget/${name}`));
  }
};

const buildAll = async (known) => {
  await mkdir(here("../static/widget"), { recursive: true });
  for (const { source, target, format } of pages)
    await put(target, await bundle(source, { format, tsconfigRaw: undefined }));
  await putPacked("../static/widget/module.js", await bundle("src/embed/module.ts", { format: "esm" }));
  for (const language of known) await buildWidget(language);
  await clean(known);
};

const known = await languages();
if (!only) await buildAll(known);
if (!only && !check) await rm(here("dist"), { recursive: true, force: true });
if (!check) for (const language of known) await buildPackage(language, only ?? here("dist"));
