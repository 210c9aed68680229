/** Preferences of the user for the display; the run ignores them. */

import { signal } from "@preact/signals";

export const showsTest = signal(false);
export const logarithmic = signal(false);
/** True to save pictures on a dark background; light suits slides and print, whatever the page's theme. */
export const onDark = signal(false);
