/** What this person wishes to see: of no account to the run. */

import { signal } from "@preact/signals";

export const showsTest = signal(false);
export const logarithmic = signal(false);
