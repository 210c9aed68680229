/** Notice of a finished action that the page does not show elsewhere. */

import { signal } from "@preact/signals";

const SECONDS = 8;

export const notice = signal<string | null>(null);
let ending: ReturnType<typeof setTimeout> | undefined;

/** Show a text for a few seconds. */
export function notify(text: string): void {
  notice.value = text;
  clearTimeout(ending);
  ending = setTimeout(dismiss, SECONDS * 1000);
}

export function dismiss(): void {
  notice.value = null;
}
