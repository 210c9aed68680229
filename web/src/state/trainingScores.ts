/** Scores on the training samples, computed by the server for some epochs. */

import { signal } from "@preact/signals";
import type { BinaryMessage } from "../wire/frames";
import type { TrainingScoresHeader } from "../wire/protocol/headers";
import { getBinary } from "../wire/requests";
import { keepAsking } from "./asking";
import { frame, state } from "./session";

const answer = signal<BinaryMessage<TrainingScoresHeader> | null>(null);
/** Number of answers that were incomplete. */
const rounds = signal(0);

/** Scores by epoch; empty until the present run has scores. */
export function trainingScores(): ReadonlyMap<number, number> {
  const [header, arrays] = [answer.value?.header, answer.value?.arrays];
  if (!header || !arrays || header.run !== state.value?.run.id) return new Map();
  const scores = arrays.get("scores")?.values ?? [];
  return new Map(
    Array.from(arrays.get("epochs")?.values ?? [], (at, i) => [at, Number(scores[i])]),
  );
}

/** Description of the samples, if the score does not cover all. */
export function trainingName(): string {
  const asked = answer.value?.header.n_samples;
  const all = state.value?.data.n_train ?? 0;
  return asked && asked < all ? `train, first ${asked.toLocaleString("en")} rows` : "train";
}

/** Request the scores until the returned function is called. */
export function watchTrainingScores(): () => void {
  return keepAsking({
    name: "training_scores",
    query: () => (state.value ? {} : null),
    snapshot: () => `${state.value?.run.id} ${frame.value?.header.epoch} ${rounds.value}`,
    ask: (query) => getBinary<TrainingScoresHeader>("/api/ask/training_scores", query),
    onAnswer: (news) => {
      answer.value = news;
      if (news.header.missing > 0) rounds.value = rounds.peek() + 1;
    },
  });
}
