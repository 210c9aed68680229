/** Guided lessons: the list of them, or the one that is open. */

import { useEffect, useRef } from "preact/hooks";
import { done, fetchLessons, left, lesson, lessons, openLesson } from "../state/lessons";
import type { Lesson } from "../wire/protocol/lessons";
import { Icon } from "./Icon";
import { LessonView } from "./LessonView";
import type { View } from "./TabbedPanel";

export const lessonsPanel: View = { name: "Lessons", Body: LessonsPanel };

function LessonsPanel() {
  useEffect(() => {
    void fetchLessons();
  }, []);
  return lesson.value ? <LessonView lesson={lesson.value} /> : <LessonList />;
}

function LessonList() {
  const subjects = [...new Set(lessons.value.map(({ subject }) => subject))];
  const count = lessons.value.filter(({ name }) => done.value.includes(name)).length;
  return (
    <>
      <p class="about">
        Each sets an experiment, asks what you expect, has you change one thing, and says why it
        came out so.
        {count > 0 && ` Done: ${count} of ${lessons.value.length}.`}
      </p>
      {subjects.map((subject) => (
        <section key={subject} aria-label={subject}>
          <h3>{subject}</h3>
          <ul class="lessons">
            {lessons.value
              .filter((each) => each.subject === subject)
              .map((each) => (
                <LessonEntry key={each.name} lesson={each} />
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function LessonEntry({ lesson: { name, title } }: { lesson: Lesson }) {
  const isDone = done.value.includes(name);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (left.peek() !== name) return;
    left.value = null;
    button.current?.focus();
  }, [name]);
  return (
    <li>
      <button ref={button} type="button" class="button quiet" onClick={() => openLesson(name)}>
        <span class={isDone ? "mark-done yes" : "mark-done"}>
          {isDone && <Icon name="check" />}
        </span>
        {title}
        {isDone && <span class="only-heard"> (done)</span>}
      </button>
    </li>
  );
}
