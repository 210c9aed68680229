/**
 * The state as a link. The part after # is removed from the address once it is read, or a reload would start it again.
 *
 * The server writes and reads the experiment; the page writes and reads the chosen views.
 */

import { type Area, chosen } from "./panels";

const VIEWS = "show";

/** The link that opened the page, until it is sent to the server. */
let waiting: string | null = null;

/** Read the address: show its views, and store its experiment for `taken`. */
export function arrive(hash: string): void {
  const said = hash.replace(/^#/, "");
  if (said === "") return;
  const words = new URLSearchParams(said);
  showViews(words.get(VIEWS) ?? "");
  if ([...words.keys()].some((name) => name !== VIEWS)) waiting = said;
}

/** Return the link, once. */
export function taken(): string | null {
  const link = waiting;
  waiting = null;
  return link;
}

/** Return a link from the server's text for the experiment and the chosen views. */
export function linkOf(origin: string, experiment: string): string {
  const views = shownViews();
  // A notebook has no address; the part from # on is a valid link.
  const address = origin.startsWith("http") ? `${origin}/` : "";
  return `${address}#${experiment}${views === "" ? "" : `&${VIEWS}=${encodeURIComponent(views)}`}`;
}

/** The chosen views: `area:view`, separated by commas. */
function shownViews(): string {
  return Object.entries(chosen)
    .flatMap(([area, { value }]) => (value === null ? [] : [`${area}:${value}`]))
    .join();
}

/** If a name is unknown, the panel shows its first view. */
function showViews(said: string): void {
  for (const part of said.split(",")) {
    const [area = "", view] = part.split(":");
    if (view && Object.hasOwn(chosen, area)) chosen[area as Area].value = view;
  }
}
