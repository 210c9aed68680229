/** The column beside the network: the data, or every setting. */

import { useSignal } from "@preact/signals";
import { AllSettings } from "./AllSettings";
import { DataPanel } from "./DataPanel";

const SIDES = [
  { name: "Data", Panel: DataPanel },
  { name: "All settings", Panel: AllSettings },
];

export function SidePanel() {
  const chosen = useSignal("Data");
  return (
    <section class="panel data" aria-labelledby="side-title">
      <h2 id="side-title" class="only-heard">
        {chosen.value}
      </h2>
      <div class="tabs" role="group" aria-label="What is shown here">
        {SIDES.map(({ name }) => (
          <button
            key={name}
            type="button"
            class="tab"
            aria-pressed={chosen.value === name}
            onClick={() => {
              chosen.value = name;
            }}
          >
            {name}
          </button>
        ))}
      </div>
      {SIDES.map(({ name, Panel }) => chosen.value === name && <Panel key={name} />)}
    </section>
  );
}
