/**
 * The state as a link: what stands behind its # is read, and taken out of the address, or a reload would begin it again.
 *
 * What is learned, and how, only the server reads; which views are shown, the page says and reads for itself.
 */

import { type Area, chosen } from "./panels";

const VIEWS = "show";

/** The link by which the page was opened, until the server can be told of it. */
let waiting: string | null = null;

/** Reads the address: shows the views that it names, and keeps an experiment for `taken`. */
export function arrive(hash: string): void {
  const said = hash.replace(/^#/, "");
  if (said === "") return;
  const words = new URLSearchParams(said);
  showViews(words.get(VIEWS) ?? "");
  if ([...words.keys()].some((name) => name !== VIEWS)) waiting = said;
}

/** The link that came, once. */
export function taken(): string | null {
  const link = waiting;
  waiting = null;
  return link;
}

/** A link of this state: of the server's own words for the experiment, and of the views that are shown. */
export function linkOf(origin: string, experiment: string): string {
  const views = shownViews();
  // In a notebook there is no address: what stands behind the # is a link as well.
  const address = origin.startsWith("http") ? `${origin}/` : "";
  return `${address}#${experiment}${views === "" ? "" : `&${VIEWS}=${encodeURIComponent(views)}`}`;
}

/** Those that were chosen: `area:view`, with commas between them. */
function shownViews(): string {
  return Object.entries(chosen)
    .flatMap(([area, { value }]) => (value === null ? [] : [`${area}:${value}`]))
    .join();
}

/** A name that no panel knows shows its first view. */
function showViews(said: string): void {
  for (const part of said.split(",")) {
    const [area = "", view] = part.split(":");
    if (view && Object.hasOwn(chosen, area)) chosen[area as Area].value = view;
  }
}
