/** Save a view as a picture: its texts, its file name, and the file or clipboard. */

import { DARK, LIGHT } from "../drawing/colours";
import type { Picture, Sheet } from "../drawing/picture";
import { toPng, toSvg } from "../drawing/pictureFiles";
import { notify } from "../state/notices";
import { onDark } from "../state/preferences";
import { epoch, frame, refusal, state } from "../state/session";
import { save } from "../state/takeAway";
import { short, whole } from "./numbers";

/** Pixels of the PNG for each pixel of the page. */
const SCALE = 3;

/** True if this browser lets a page copy a picture to the clipboard. */
export const copies = typeof ClipboardItem !== "undefined" && "clipboard" in navigator;

export type Way = "png" | "svg" | "copy";

export async function takePicture(picture: Picture, way: Way): Promise<void> {
  try {
    const [sheet, theme] = [sheetOf(picture), onDark.value ? DARK : LIGHT];
    if (way === "copy") {
      const png = toPng(sheet, theme, SCALE);
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
      notify("The picture is on the clipboard.");
      return;
    }
    const name = `${fileName(sheet.title, epoch.value)}.${way}`;
    save(way === "svg" ? toSvg(sheet, theme) : await toPng(sheet, theme, SCALE), name);
    notify(`Saved as ${name}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `No picture was made: ${reason}`;
    refusal.value = { is: "error", of: way, message, parameter: null };
  }
}

function sheetOf(picture: Picture): Sheet {
  const data = state.value?.data.name.replaceAll("_", " ") ?? "";
  return { picture, title: `${picture.title}: ${data}`, caption: caption() };
}

function caption(): string {
  const { loss = null, validation_loss = null } = frame.value?.header ?? {};
  const parts = [`epoch ${whole(epoch.value)}`];
  if (loss !== null) parts.push(`loss ${short(loss, 4)}`);
  if (validation_loss !== null) parts.push(`on test rows ${short(validation_loss, 4)}`);
  return [...parts, "lamina"].join(" · ");
}

/** Return a file name: the words of a title, and the displayed epoch. */
export function fileName(title: string, shown: number): string {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["picture"];
  return `${words.join("-").slice(0, 60)}-epoch-${shown}`;
}
