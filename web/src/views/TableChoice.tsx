/** The user's table: the file, the target column, and the feature columns. */

import { useSignal } from "@preact/signals";
import { isSending, learn, send, type Table, table } from "../state/uploads";
import { transport } from "../wire/transport";
import { ChoiceField } from "./fields";
import { whole } from "./numbers";

export function TableChoice() {
  return (
    <div class="own">
      <label class="button">
        {isSending.value ? "Reading …" : "Open a table …"}
        <input
          type="file"
          class="only-heard"
          accept=".csv,.parquet"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            if (file) void send(file);
            event.currentTarget.value = "";
          }}
        />
      </label>
      {table.value ? (
        <Columns key={table.value.hash} uploaded={table.value} />
      ) : (
        <p class="about">CSV or Parquet; {transport().destination}. Or drop it here.</p>
      )}
    </div>
  );
}

function Columns({ uploaded }: { uploaded: Table }) {
  const target = useSignal(uploaded.columns.at(-1)?.name ?? "");
  const left = useSignal<readonly string[]>(
    uploaded.columns.filter(({ kind }) => kind === null).map(({ name }) => name),
  );
  const others = uploaded.columns.filter(({ name }) => name !== target.value);
  const chosen = others.map(({ name }) => name).filter((name) => !left.value.includes(name));
  return (
    <>
      <p class="about">
        {uploaded.name}: {whole(uploaded.n_rows)} rows
      </p>
      {uploaded.remarks.length > 0 && (
        <ul class="about remarks">
          {uploaded.remarks.map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      )}
      <ChoiceField
        label="Learn"
        value={target.value}
        options={uploaded.columns.map(({ name }) => ({ value: name, label: name }))}
        onChoose={(name) => {
          target.value = name;
        }}
      />
      <fieldset>
        <legend class="about">from</legend>
        {others.map(({ name, becomes, n_missing, examples }) => (
          <label key={name} class="tick column" title={examples.join(", ")}>
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              onChange={(event) => {
                left.value = event.currentTarget.checked
                  ? left.value.filter((each) => each !== name)
                  : [...left.value, name];
              }}
            />
            <span>
              {name}{" "}
              <span class="muted">
                {becomes}
                {n_missing > 0 && `; ${whole(n_missing)} missing`}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      <button
        type="button"
        class="button primary"
        disabled={chosen.length === 0}
        onClick={() => learn(uploaded, target.value, chosen)}
      >
        Learn this
      </button>
    </>
  );
}
