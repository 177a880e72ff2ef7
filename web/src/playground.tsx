import { useMemo, useState } from "react";
import { predictPath, type Refusal, type Served } from "./api.ts";
import { Field } from "./field.tsx";
import { type FieldState, initialState, readForm } from "./form_state.ts";
import { Glance, Result } from "./result.tsx";
import { Snippets } from "./snippets.tsx";
import { usePrediction } from "./use_prediction.ts";

/** A form made from the schema beside the prediction it leads to. */
export function Playground({ model }: { model: Served }) {
  const { inputs, outputs } = model.schema;
  const example = useMemo(() => initialState(inputs, model.example), [inputs, model.example]);
  const [state, setState] = useState(example);
  const { record, problems } = useMemo(() => readForm(inputs, state), [inputs, state]);
  const isComplete = Object.keys(problems).length === 0;
  const [complete, setComplete] = useState(record);
  if (isComplete && complete !== record) setComplete(record);
  const { answer, isBusy, ask } = usePrediction(predictPath(model), isComplete ? JSON.stringify(record) : null);

  const refusal = answer && !answer.ok ? answer.refusal : null;
  const refused = refusal ? refusedInput(refusal, model) : null;
  const change = (name: string, field: FieldState) => setState((before) => ({ ...before, [name]: field }));

  return (
    <main className="playground">
      <form
        className="card inputs"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
        noValidate
      >
        <div className="card-head">
          <h2>Inputs</h2>
          <button type="button" className="quiet" onClick={() => setState(example)} disabled={state === example}>
            Reset to example
          </button>
        </div>
        <div className="fields">
          {inputs.map((input) => (
            <Field
              key={input.name}
              input={input}
              state={state[input.name]!}
              problem={problems[input.name] ?? (isComplete && refused === input.name ? (refusal?.what ?? null) : null)}
              onChange={(field) => change(input.name, field)}
            />
          ))}
        </div>
        <div className="send">
          <button type="submit" className="primary" disabled={!isComplete}>
            Predict
          </button>
          <span className="hint">or just change a value</span>
        </div>
      </form>
      <div className="answers">
        <Result
          outputs={outputs}
          answer={answer}
          isBusy={isBusy}
          isStale={!isComplete}
          isFieldError={refused !== null}
        />
        <Snippets path={predictPath(model)} record={complete} />
      </div>
      <Glance outputs={outputs} answer={answer} />
    </main>
  );
}

/** The input that an error of the server is about: `where` is `inputs.<name>` or goes on with `[`. */
function refusedInput({ where }: Refusal, { schema }: Served): string | null {
  const path = where?.replace(/(\[\d+\])+$/, "");
  return schema.inputs.find(({ name }) => path === `inputs.${name}`)?.name ?? null;
}
