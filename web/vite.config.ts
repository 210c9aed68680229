import { defineConfig } from "vitest/config";

// One script, one style sheet and no hashes in names: the built page is committed, and its history stays readable.
export default defineConfig({
  base: "/static/",
  build: {
    outDir: "../src/lamina/workbench/static",
    emptyOutDir: true,
    assetsDir: "",
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
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
