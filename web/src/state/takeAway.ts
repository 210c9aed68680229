/** Exports of a run: code, a model, ONNX, the experiment as a file or a link. */

import { signal } from "@preact/signals";
import { getFile, getJson } from "../wire/requests";
import { transport } from "../wire/transport";
import { linkOf } from "./links";
import { notify } from "./notices";
import { refuse } from "./session";

export const EXPORTS = [
  { kind: "script", name: "Python code", about: "redoes the run, and prints the same final loss" },
  { kind: "model", name: "Model", about: "for lamina.load" },
  { kind: "onnx", name: "ONNX", about: "for other runtimes" },
  {
    kind: "experiment",
    name: "Experiment",
    about: "what is learned and how, for lamina workbench FILE",
  },
] as const;

/** Text that the browser did not copy to the clipboard, for copying by hand. */
export const uncopied = signal<{ what: string; text: string } | null>(null);

export async function takeAway(kind: string): Promise<void> {
  try {
    const { name, content } = await getFile(`/api/export/${kind}`);
    save(content, name);
    notify(`Saved as ${name}`);
  } catch (error) {
    refuse("export", error);
  }
}

export async function copyCode(): Promise<void> {
  await copy("The code", "", async () => (await getFile("/api/export/script")).content.text());
}

export async function copyLink(): Promise<void> {
  await copy("The link", " On another machine: lamina workbench 'LINK'.", async () => {
    const { fragment } = await getJson<{ fragment: string }>("/api/ask/link");
    return linkOf(transport().origin, fragment);
  });
}

async function copy(what: string, use: string, make: () => Promise<string>): Promise<void> {
  uncopied.value = null;
  let text: string;
  try {
    text = await make();
  } catch (error) {
    refuse("copy", error);
    return;
  }
  try {
    await navigator.clipboard.writeText(text);
    notify(`${what} is on the clipboard.${use}`);
  } catch {
    uncopied.value = { what, text };
  }
}

export function save(content: Blob, name: string): void {
  transport().save(content, name);
}
