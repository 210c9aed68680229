/** An uploaded table: its columns, and the choice of target and features. */

import { signal } from "@preact/signals";
import { post } from "../wire/requests";
import { notify } from "./notices";
import { change, refusal, refuse } from "./session";

export interface Column {
  name: string;
  kind: "number" | "date" | "category" | null;
  n_missing: number;
  n_distinct: number;
  examples: string[];
  becomes: string;
}

export interface Table {
  hash: string;
  name: string;
  n_rows: number;
  /** Doubts about the file, one sentence each. */
  remarks: string[];
  columns: Column[];
}

export const table = signal<Table | null>(null);
export const isSending = signal(false);

export async function send(file: File): Promise<void> {
  isSending.value = true;
  refusal.value = null;
  try {
    const answer = await post<Table & { released: string[] }>(
      "/api/upload",
      { name: file.name },
      file,
    );
    table.value = answer;
    if (answer.released.length > 0) {
      notify(
        `Released to make room: ${answer.released.join(", ")}. Open them again to learn from them.`,
      );
    }
  } catch (error) {
    refuse("upload", error);
  } finally {
    isSending.value = false;
  }
}

/** Learn one column from chosen others, or from all others. */
export function learn(from: Table, target: string, columns: readonly string[]): void {
  const others = from.columns.filter(({ name }) => name !== target);
  const all = others.every(({ name }) => columns.includes(name));
  change({
    data: {
      kind: "upload",
      hash: from.hash,
      target,
      columns: all ? null : [...columns],
      task: null,
    },
    inputs: null,
    plane: null,
  });
}
