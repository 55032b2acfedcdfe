// Bundles each entry into ../static. With --check writes nothing: fails if a committed file is not what its source makes.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const entries = [
  { source: "src/pages/main.ts", target: "../static/pages.js", format: "iife" },
  { source: "src/check/solve.ts", target: "../static/vendor/altcha.js", format: "esm" },
];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const check = process.argv.includes("--check");

for (const { source, target, format } of entries) {
  const result = await build({
    entryPoints: [here(source)],
    bundle: true,
    minify: true,
    format,
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    write: false,
  });
  const made = result.outputFiles[0].text;
  if (!check) {
    await writeFile(here(target), made);
  } else if (made !== (await readFile(here(target), "utf8").catch(() => ""))) {
    console.error(`${target} is not current: run make widget and commit the result`);
    process.exitCode = 1;
  }
}
