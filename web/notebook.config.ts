import { defineConfig } from "vite";

// Builds the small script that notebooks run to show the page in a cell.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "../src/lamina/workbench/static",
    emptyOutDir: false,
    target: "es2022",
    lib: { entry: "src/notebook.ts", formats: ["es"], fileName: () => "notebook.js" },
  },
});
