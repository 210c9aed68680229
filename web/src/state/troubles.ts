/** Errors of the page itself: they are reported, and the rest of the page works. */

import { signal } from "@preact/signals";

export const trouble = signal<string | null>(null);

/** Run an action, and report an exception. */
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
