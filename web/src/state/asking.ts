/** Requests that are repeated when the displayed network changes, as long as a view shows their answer. */

import { computed, effect } from "@preact/signals";
import type { Query } from "../wire/requests";
import { playing, refuse } from "./session";

export interface Question<Answer> {
  readonly name: string;
  /** Parameters of the request; null while there is nothing to request. */
  readonly query: () => Query | null;
  /** Everything else that the answer depends on: mostly the displayed network. */
  readonly snapshot: () => string;
  readonly ask: (query: Query) => Promise<Answer>;
  readonly onAnswer: (answer: Answer) => void;
}

const SHORTEST_PAUSE = 400;
/** While a run plays, requests take a tenth of the time. */
const PATIENCE = 9;

/** Repeat a request until the returned function is called; one at a time, always the newest. */
export function keepAsking<Answer>(question: Question<Answer>): () => void {
  const latest = computed(() => {
    const query = question.query();
    return { query, text: JSON.stringify(query), snapshot: question.snapshot() };
  });
  let [text, snapshot, earliest, timer] = ["", "", 0, 0];
  let [isUnderWay, isOver] = [false, false];

  async function goOn(): Promise<void> {
    clearTimeout(timer);
    const now = latest.peek();
    const isNew = now.text !== text || now.snapshot !== snapshot;
    if (isUnderWay || isOver || !now.query || !isNew) return;
    const early = earliest - performance.now();
    // A new choice of the user is requested at once.
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
      // An outdated request may be refused because the network has changed since.
      if (!isOver && latest.peek().text === asked) refuse(question.name, error);
    }
  }

  const stop = effect(() => {
    latest.value;
    void goOn();
  });
  return () => {
    isOver = true;
    clearTimeout(timer);
    stop();
  };
}
