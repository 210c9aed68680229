/** The little of Node.js that vite.config.ts calls: with all its types, timers of the page would be Node's. */

declare module "node:fs" {
  export function appendFileSync(path: string, text: string): void;
  export function readFileSync(path: string, encoding: "utf8"): string;
}

declare module "node:url" {
  export function fileURLToPath(url: URL): string;
}
