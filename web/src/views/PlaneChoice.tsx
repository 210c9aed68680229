/** Choice of the displayed plane: two features, or two principal components. */

import { change, state } from "../state/session";

export function PlaneChoice() {
  const now = state.value;
  const features = now?.data.features ?? [];
  if (!now || features.length < 3) return null;
  const { plane } = now.experiment;
  const [x = 0, y = 1] = plane?.columns ?? [];
  const isPair = plane?.kind === "columns";
  const pair = (columns: [number, number]) => change({ plane: { kind: "columns", columns } });
  return (
    <div class="planes">
      <select
        aria-label="Plane"
        value={isPair ? "columns" : "components"}
        onChange={(event) => {
          if (event.currentTarget.value === "columns") pair([x, y]);
          else change({ plane: { kind: "components" } });
        }}
      >
        <option value="components">principal components</option>
        <option value="columns">two features</option>
      </select>
      {isPair && (
        <>
          <FeatureChoice name="Across" at={x} other={y} onChoose={(next) => pair([next, y])} />
          <FeatureChoice name="Upwards" at={y} other={x} onChoose={(next) => pair([x, next])} />
        </>
      )}
    </div>
  );
}

interface FeatureProps {
  name: string;
  at: number;
  other: number;
  onChoose: (index: number) => void;
}

function FeatureChoice({ name, at, other, onChoose }: FeatureProps) {
  return (
    <select
      aria-label={name}
      value={String(at)}
      onChange={(event) => onChoose(Number(event.currentTarget.value))}
    >
      {state.value?.data.features.map((feature, index) => (
        <option key={feature} value={String(index)} disabled={index === other}>
          {feature}
        </option>
      ))}
    </select>
  );
}
