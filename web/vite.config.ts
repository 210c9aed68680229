import { appendFileSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const OUT = "../src/lamina/workbench/static";
const LICENSES = "licenses.md";

/** License of the font, which is not in a package. */
function fontLicense(): Plugin {
  const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  return {
    name: "font-license",
    apply: "build",
    closeBundle() {
      const text = readFileSync(at("fonts/OFL.txt"), "utf8").trim();
      const heading = "## STIX Two Math, a subset of its signs (OFL-1.1)";
      appendFileSync(at(`${OUT}/${LICENSES}`), `\n${heading}\n\n${text}\n`);
    },
  };
}

// One script, one style sheet and no hashes in names: the built page is committed, and its history stays readable.
export default defineConfig({
  base: "/static/",
  plugins: [fontLicense()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    assetsDir: "",
    assetsInlineLimit: 0,
    license: { fileName: LICENSES },
    modulePreload: false,
    target: "es2022",
    rolldownOptions: {
      output: {
        entryFileNames: "workbench.js",
        assetFileNames: "workbench[extname]",
        codeSplitting: false,
      },
    },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
