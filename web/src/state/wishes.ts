/** What this person wishes to see: ignored by the run. */

import { signal } from "@preact/signals";

export const showsTest = signal(false);
export const logarithmic = signal(false);
/** Whether pictures are saved on a dark ground: light is for slides and print, whatever the page is. */
export const onDark = signal(false);
