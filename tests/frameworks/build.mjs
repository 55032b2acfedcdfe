// `node build.mjs FRAMEWORK COMPONENT OUT`: bundles a page that shows the component, with a button that takes it away
// and brings it back.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { build } from "esbuild";
import { compileScript, parse } from "vue/compiler-sfc";

const [framework, component, outfile] = process.argv.slice(2);
const path = JSON.stringify(resolve(component));

const pages = {
  react: `
    import { StrictMode, useState } from "react";
    import { createRoot } from "react-dom/client";
    import { GetSupport } from ${path};
    const App = () => {
      const [there, set] = useState(true);
      return <StrictMode><button onClick={() => set(!there)}>Toggle</button>{there && <GetSupport />}</StrictMode>;
    };
    createRoot(document.querySelector("#app")).render(<App />);`,
  vue: `
    import { createApp, h, ref } from "vue";
    import GetSupport from ${path};
    const there = ref(true);
    createApp({ render: () => [
      h("button", { onClick: () => { there.value = !there.value; } }, "Toggle"),
      there.value ? h(GetSupport) : null,
    ] }).mount("#app");`,
  angular: `
    import "@angular/compiler";
    import { Component, signal } from "@angular/core";
    import { bootstrapApplication } from "@angular/platform-browser";
    import { GetSupport } from ${path};
    @Component({
      selector: "#app",
      standalone: true,
      imports: [GetSupport],
      template: '<button (click)="there.set(!there())">Toggle</button>@if (there()) {<app-get-support />}',
    })
    class App { there = signal(true); }
    bootstrapApplication(App);`,
};

const vueFiles = {
  name: "vue files",
  setup({ onLoad }) {
    onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor, errors } = parse(await readFile(path, "utf8"), { filename: path });
      if (errors.length) throw errors[0];
      return { contents: compileScript(descriptor, { id: "page", inlineTemplate: true }).content, loader: "js" };
    });
  },
};

await build({
  stdin: { contents: pages[framework], resolveDir: import.meta.dirname, loader: framework === "angular" ? "ts" : "jsx" },
  bundle: true,
  outfile,
  format: "esm",
  jsx: "automatic",
  nodePaths: [resolve(import.meta.dirname, "node_modules")],
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
  define: {
    "process.env.NODE_ENV": '"development"',
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  plugins: [vueFiles],
  logLevel: "warning",
});
