/** Commands: messages of the page. */

import type { Experiment, Patch } from "./experiment";
import type { LessonPlace } from "./lessons";

/** Contents of frames beside parameters and curves. */
export interface Watched {
  region?: number;
  units?: number;
  confusion?: boolean;
  fit?: boolean;
  lesson?: LessonPlace | null;
}

/** Relation of a change to the state before it. */
export interface Change {
  /** True if undo reverts it together with the previous change. */
  joined?: boolean;
  /** True if the new run fast-forwards to the displayed epoch. */
  catch_up?: boolean;
}

export type Command =
  | { do: "ready" | "play" | "pause" }
  | { do: "undo"; catch_up?: boolean }
  | ({ do: "watch" } & Watched)
  | { do: "step"; epochs?: number; batches?: number }
  | { do: "pace"; epochs_per_second: number | null }
  | { do: "reset"; seed?: "same" | "new" | number }
  | ({ do: "set"; experiment: Patch; id?: number } & Change)
  | { do: "open"; link: string }
  | { do: "open"; experiment: Experiment; pace: number | null }
  | { do: "rate"; learning_rate: number }
  | { do: "seek"; epoch: number | null }
  | { do: "keep"; name?: string }
  | { do: "rename"; run: number; name: string }
  | { do: "forget"; run: number | "all" }
  | { do: "restore"; run: number }
  | { do: "edit"; block: number; row: number | null; column: number; value: number };
