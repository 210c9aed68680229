/** What failed on the page itself: it is reported, and all else goes on. */

import { signal } from "@preact/signals";

export const trouble = signal<string | null>(null);

/** Does something that may throw, and reports it if it does. */
export function attempt(what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    report(what, error);
  }
}

export function report(what: string, error: unknown): void {
  console.error(error);
  const why = error instanceof Error ? error.message : String(error);
  trouble.value = `The page could not ${what} (${why}). All else goes on; please report this.`;
}
