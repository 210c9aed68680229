/** Lessons, and the goals of their steps. */

import type { Experiment, Patch } from "./experiment";

export interface LessonPlace {
  name: string;
  step: number;
}

export interface Goal {
  goal: string;
  now: string;
  met: boolean;
  /** True if this run can no longer reach the goal. */
  is_late: boolean;
}

export interface LessonStep {
  question: string;
  choices: string[];
  answer: number;
  task: string;
  control: string;
  explanation: string;
  change: Patch;
  experiment: Experiment;
}

export interface Lesson {
  name: string;
  title: string;
  subject: string;
  about: string;
  equation: string;
  paper: string;
  opens: Record<string, string>;
  pace: number | null;
  steps: LessonStep[];
}
