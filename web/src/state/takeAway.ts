/** What a run leaves as: code, a model, ONNX. */

import { session } from "../wire/connection";
import { refusal } from "./session";

export const EXPORTS = [
  { kind: "script", name: "Python code", about: "redoes the run, and prints the same final loss" },
  { kind: "model", name: "Model", about: "for lamina.load" },
  { kind: "onnx", name: "ONNX", about: "for other runtimes" },
] as const;

export async function takeAway(kind: string): Promise<void> {
  const answer = await fetch(`/api/export/${kind}?session=${encodeURIComponent(session() ?? "")}`);
  if (!answer.ok) {
    const { message } = (await answer.json()) as { message: string };
    refusal.value = { is: "error", of: "export", message, parameter: null };
    return;
  }
  const named = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "");
  save(await answer.blob(), named?.[1] ?? kind);
}

function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
