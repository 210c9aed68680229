/** What has been done and is not seen elsewhere, in a sentence. */

import { signal } from "@preact/signals";

const SECONDS = 8;

export const notice = signal<string | null>(null);
let ending: ReturnType<typeof setTimeout> | undefined;

/** Says it for a while. */
export function tell(text: string): void {
  notice.value = text;
  clearTimeout(ending);
  ending = setTimeout(hush, SECONDS * 1000);
}

export function hush(): void {
  notice.value = null;
}
