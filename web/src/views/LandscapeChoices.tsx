/** Options of the slice of the loss. */

import {
  type Directions,
  landscape,
  type Part,
  type SliceOptions,
  sliceOptions,
} from "../state/landscape";
import { ChoiceField } from "./fields";

/** Choices of the span: relative to the path's extent, or in norms of the weights for random directions. */
const SPANS = { path: [0.1, 0.25, 1, 3], random: [0.25, 1, 2, 5] } as const;
const USUAL = { path: 0.25, random: 1 } as const;
const SPAN_HELP = {
  path: "How far beyond the path, as a part of its extent",
  random: "How far from the network, in norms of its weights",
} as const;
const COUNTS = [15, 25, 41, 61];

export function LandscapeChoices() {
  const { directions, part, n_points, span } = sliceOptions.value;
  const kind = directions === "auto" ? kindNow() : directions;
  return (
    <div class="landscape-choices">
      <ChoiceField
        label="Directions"
        help="The two principal directions of the path, or random ones as long as each unit’s weights"
        value={kind}
        options={[
          { value: "path", label: "path" },
          { value: "random", label: "random" },
        ]}
        onChoose={(value) => become({ directions: value as Directions, span: null })}
      />
      <ChoiceField
        label="Loss of"
        value={part}
        options={[
          { value: "train", label: "train" },
          { value: "test", label: "test" },
        ]}
        onChoose={(value) => become({ part: value as Part })}
      />
      <ChoiceField
        label="Span"
        value={String(span ?? USUAL[kind])}
        help={SPAN_HELP[kind]}
        options={SPANS[kind].map((each) => ({ value: String(each), label: sizeOf(kind, each) }))}
        onChoose={(value) => become({ span: Number(value) })}
      />
      <ChoiceField
        label="Points"
        value={String(n_points)}
        options={COUNTS.map((count) => ({ value: String(count), label: `${count}²` }))}
        onChoose={(value) => become({ n_points: Number(value) })}
      />
    </div>
  );
}

function kindNow(): "path" | "random" {
  return landscape.value?.header.directions === "random" ? "random" : "path";
}

function become(change: Partial<SliceOptions>): void {
  sliceOptions.value = { ...sliceOptions.value, ...change };
}

function sizeOf(kind: "path" | "random", span: number): string {
  return kind === "path" ? `+ ${Math.round(100 * span)} %` : `± ${span}`;
}
