/** Answers that are asked for again whenever what they tell of has changed, for as long as somebody looks. */

import { computed, effect } from "@preact/signals";
import type { Query } from "../wire/requests";
import { playing, refuse } from "./session";

export interface Question<Answer> {
  readonly name: string;
  /** What is asked; null while there is nothing to ask. */
  readonly query: () => Query | null;
  /** What the answer depends on beside that: mostly the network that is shown. */
  readonly snapshot: () => string;
  readonly ask: (query: Query) => Promise<Answer>;
  readonly onAnswer: (answer: Answer) => void;
}

const SHORTEST_PAUSE = 400;
/** Beside a run that plays, answers get a tenth of the time. */
const PATIENCE = 9;

/** Asks until the function that it gives back is called: one question at a time, and the newest. */
export function keepAsking<Answer>(question: Question<Answer>): () => void {
  const wanted = computed(() => {
    const query = question.query();
    return { query, text: JSON.stringify(query), snapshot: question.snapshot() };
  });
  let [text, snapshot, earliest, timer] = ["", "", 0, 0];
  let [isUnderWay, isOver] = [false, false];

  async function goOn(): Promise<void> {
    clearTimeout(timer);
    const now = wanted.peek();
    const isNew = now.text !== text || now.snapshot !== snapshot;
    if (isUnderWay || isOver || !now.query || !isNew) return;
    const early = earliest - performance.now();
    // A person who asks for something else is not kept waiting.
    if (now.text === text && playing.peek() && early > 0) {
      timer = window.setTimeout(goOn, early);
      return;
    }
    [text, snapshot, isUnderWay] = [now.text, now.snapshot, true];
    const began = performance.now();
    await answerTo(now.query, now.text);
    const ended = performance.now();
    isUnderWay = false;
    earliest = ended + Math.max(SHORTEST_PAUSE, PATIENCE * (ended - began));
    void goOn();
  }

  async function answerTo(query: Query, asked: string): Promise<void> {
    try {
      const answer = await question.ask(query);
      if (!isOver) question.onAnswer(answer);
    } catch (error) {
      // What is no longer asked may well be refused: the network is another by now.
      if (!isOver && wanted.peek().text === asked) refuse(question.name, error);
    }
  }

  const stop = effect(() => {
    wanted.value;
    void goOn();
  });
  return () => {
    isOver = true;
    clearTimeout(timer);
    stop();
  };
}
