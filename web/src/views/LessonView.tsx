/** One lesson: its motivation, and steps to predict, do, observe and explain. */

import { useEffect, useRef } from "preact/hooks";
import {
  before,
  close,
  course,
  doForThem,
  goals,
  hasPredicted,
  isSeen,
  NO_GUESS,
  NO_STEP,
  next,
  predict,
  prediction,
  restore,
  setUp,
  step,
} from "../state/lessons";
import type { Goal, Lesson, LessonStep } from "../wire/protocol/lessons";
import { goToControl } from "./controls";
import { Icon } from "./Icon";

export function LessonView({ lesson }: { lesson: Lesson }) {
  const heading = useFocus(lesson.name);
  const number = course.value?.step ?? NO_STEP;
  return (
    <article class="course" aria-label={lesson.title}>
      <button type="button" class="button quiet" onClick={close}>
        <Icon name="left" /> All lessons
      </button>
      <h3 ref={heading} tabIndex={-1}>
        {lesson.title}
      </h3>
      <Reason lesson={lesson} isOpen={number === NO_STEP} />
      {number === NO_STEP && (
        <button type="button" class="button primary" onClick={() => setUp(0)}>
          Set the experiment up
        </button>
      )}
      {step.value && (
        <StepView key={number} step={step.value} number={number} count={lesson.steps.length} />
      )}
      {before.value && (
        <button type="button" class="button quiet way-back" onClick={restore}>
          <Icon name="undo" /> Back to my own experiment
        </button>
      )}
    </article>
  );
}

function Reason({ lesson, isOpen }: { lesson: Lesson; isOpen: boolean }) {
  const words = (
    <>
      <p>{lesson.about}</p>
      <p class="equation">{lesson.equation}</p>
      <p class="muted">{lesson.paper}</p>
    </>
  );
  if (isOpen) return words;
  return (
    <details class="twin">
      <summary>Why it matters</summary>
      {words}
    </details>
  );
}

function StepView({ step, number, count }: { step: LessonStep; number: number; count: number }) {
  const heading = useFocus(number);
  return (
    <>
      <h4 ref={heading} tabIndex={-1}>
        Step {number + 1} of {count}
      </h4>
      <Question step={step} />
      {hasPredicted.value && <Task step={step} number={number} />}
      <div role="status">{isSeen.value && <Explanation step={step} />}</div>
      {isSeen.value && (
        <button type="button" class="button primary" onClick={next}>
          {number + 1 < count ? "Next step" : "Finish"}
        </button>
      )}
    </>
  );
}

function Question({ step }: { step: LessonStep }) {
  return (
    <fieldset class="question">
      <legend>{step.question}</legend>
      {!isSeen.value && (
        <>
          {step.choices.map((choice, place) => (
            <Choice key={choice} words={choice} answer={place} />
          ))}
          <Choice words="I would rather see" answer={NO_GUESS} />
        </>
      )}
    </fieldset>
  );
}

function Choice({ words, answer }: { words: string; answer: number }) {
  return (
    <button
      type="button"
      class={answer === NO_GUESS ? "button quiet choice" : "button choice"}
      aria-pressed={prediction.value === answer}
      onClick={() => predict(answer)}
    >
      {words}
    </button>
  );
}

function Task({ step, number }: { step: LessonStep; number: number }) {
  return (
    <>
      <p class="task">{step.task}</p>
      {!isSeen.value && (
        <div class="ways">
          <button type="button" class="button" onClick={() => goToControl(step.control)}>
            Where is it?
          </button>
          <button type="button" class="button" onClick={doForThem}>
            Do it for me
          </button>
        </div>
      )}
      <ul class="goals">
        {goals.value.map((goal) => (
          <GoalLine key={goal.goal} {...goal} />
        ))}
      </ul>
      {!isSeen.value && (
        <button type="button" class="button quiet" onClick={() => setUp(number)}>
          <Icon name="reset" /> Set this step up again
        </button>
      )}
    </>
  );
}

function GoalLine({ goal, now, met, is_late }: Goal) {
  return (
    <li>
      <span class={met ? "mark-done yes" : "mark-done"}>{met && <Icon name="check" />}</span>
      <span>
        {goal}
        <span class="muted">
          {met ? " – now " : is_late ? " – not in time, with " : " – not yet: "}
          {now}
        </span>
      </span>
    </li>
  );
}

function Explanation({ step }: { step: LessonStep }) {
  const guess = prediction.value;
  const right = step.choices[step.answer];
  return (
    <div class="note">
      {guess !== NO_GUESS && (
        <p>
          <strong>{guess === step.answer ? "As you said: " : "Otherwise than you said: "}</strong>
          {right}.
        </p>
      )}
      <p>{step.explanation}</p>
    </div>
  );
}

/** Move the focus to the heading of new content, so that keyboards and screen readers continue there. */
function useFocus(what: string | number) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [what]);
  return heading;
}
