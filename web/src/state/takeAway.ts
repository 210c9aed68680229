/** What a run leaves as: code, a model, ONNX. */

import { getFile } from "../wire/requests";
import { refuse } from "./session";

export const EXPORTS = [
  { kind: "script", name: "Python code", about: "redoes the run, and prints the same final loss" },
  { kind: "model", name: "Model", about: "for lamina.load" },
  { kind: "onnx", name: "ONNX", about: "for other runtimes" },
] as const;

export async function takeAway(kind: string): Promise<void> {
  try {
    const { name, content } = await getFile(`/api/export/${kind}`);
    save(content, name);
  } catch (error) {
    refuse("export", error);
  }
}

export function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
