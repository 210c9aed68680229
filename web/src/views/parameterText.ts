/** Text of a parameter's value: a number, a name, true or false, none, or several separated by commas. */

import type { Json } from "../wire/protocol/experiment";

export function said(value: Json): string {
  if (value === null) return "none";
  if (Array.isArray(value)) return value.map(said).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function read(text: string): Json {
  const trimmed = text.trim();
  if (trimmed.includes("{")) return readObjects(trimmed);
  const bare = trimmed.replace(/^[[(](.*)[\])]$/s, "$1");
  if (bare !== trimmed || bare.includes(",")) {
    return bare
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map(readOne);
  }
  return readOne(trimmed);
}

const WORDS: Record<string, Json> = { none: null, true: true, false: false };

function readOne(text: string): Json {
  const word = WORDS[text.toLowerCase()];
  if (word !== undefined) return word;
  const number = Number(text.replace("−", "-"));
  return text !== "" && Number.isFinite(number) ? number : text.replace(/^(['"])(.*)\1$/, "$2");
}

/** Return text that is not JSON unchanged: the server explains what is wrong with it. */
function readObjects(text: string): Json {
  const json = text.replaceAll("'", '"');
  for (const each of [json, `[${json}]`]) {
    try {
      return JSON.parse(each) as Json;
    } catch {
      // A list may have no brackets.
    }
  }
  return text;
}
