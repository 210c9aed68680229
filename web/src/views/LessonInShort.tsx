/** Short form of the open lesson's task, above the other tabs, which may have its control. */

import { hasPredicted, isSeen, lesson, step } from "../state/lessons";
import { chosen, show } from "../state/panels";

export function LessonInShort() {
  if (!lesson.value || !step.value || chosen.side.value === "Lessons") return null;
  return (
    <aside class="note in-short" aria-label="The open lesson">
      <p>
        <strong>{lesson.value.title}.</strong>{" "}
        {isSeen.value
          ? "Done: see why."
          : hasPredicted.value
            ? step.value.task
            : "A question waits."}
      </p>
      <button type="button" class="button" onClick={() => show("side", "Lessons")}>
        To the lesson
      </button>
    </aside>
  );
}
