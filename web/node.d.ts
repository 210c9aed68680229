/** The functions of Node.js that vite.config.ts calls. With all of Node's types, the page's timers would have Node's types. */

declare module "node:fs" {
  export function appendFileSync(path: string, text: string): void;
  export function readFileSync(path: string, encoding: "utf8"): string;
}

declare module "node:url" {
  export function fileURLToPath(url: URL): string;
}
