// One estimator per target. Rule: sklearn/multioutput.py, MultiOutputRegressor, MultiOutputClassifier, RegressorChain.predict.
import type { Fitted } from "../../formats/index.ts";
import { int64 } from "../../onnx/index.ts";
import { joined, joinedRows } from "./columns.ts";
import { besideRows, emitBeside, sharedNeeds } from "./combining.ts";
import type { Columns, Estimator, Matrix, Regress, Step, Table } from "./estimator.ts";

const named = (name: string) => [`sklearn.multioutput.${name}`];

function regressorsOf(self: Fitted, nested: (child: Fitted) => Step): { steps: Step[]; parts: Regress[] } {
  const steps = self.children("estimators_").map(nested);
  const parts = steps.map(({ regress }) => {
    if (regress?.targets !== null) throw self.unsupported("holds something else than regressors of one target");
    return regress;
  });
  return { steps, parts };
}

export const multiOutputRegressor: Estimator = {
  classes: named("MultiOutputRegressor"),
  read(self, nested) {
    const { steps, parts } = regressorsOf(self, nested);
    return {
      columns: sharedNeeds(steps),
      regress: {
        targets: parts.length,
        isExact: parts.every((part) => part.isExact === true),
        emit: (x, emission) =>
          emitBeside(
            emission.g,
            parts.map((part) => part.emit(x, emission)),
          ),
        evaluate: (x) => besideRows(parts.map((part) => part.evaluate(x))),
      },
    };
  },
};

export const multiOutputClassifier: Estimator = {
  classes: named("MultiOutputClassifier"),
  read(self, nested) {
    const steps = self.children("estimators_").map(nested);
    const parts = steps.map(({ classify }) => {
      if (classify?.targets.length !== 1) throw self.unsupported("holds something else than classifiers of one target");
      return classify;
    });
    return {
      columns: sharedNeeds(steps),
      classify: {
        targets: parts.map((part) => part.targets[0]!),
        isExact: parts.every((part) => part.isExact === true),
        // predict and predict_proba only: the library has no decision_function here.
        emit: (x, emission) => parts.map((part) => withoutDecision(part.emit(x, emission)[0]!)),
        evaluate: (x) => parts.map((part) => withoutDecision(part.evaluate(x)[0]!)),
      },
    };
  },
};

/** Each regressor also sees what the ones before it predicted. */
export const regressorChain: Estimator = {
  classes: named("RegressorChain"),
  read(self, nested) {
    const { steps, parts } = regressorsOf(self, nested);
    const order = self.array("order_").integers();
    const places = order.map((_, target) => order.indexOf(target));
    const count = (steps[0]!.columns ?? []).length;
    return {
      columns: steps[0]!.columns?.slice(0, count) ?? null,
      regress: {
        targets: parts.length,
        emit(x, emission) {
          const { g } = emission;
          let known: Columns = x;
          const answers = parts.map((part) => {
            const value = emitBeside(g, [part.emit(known, emission)]);
            known = joined([known, { blocks: [{ value, width: 1 }] }]);
            return value;
          });
          return g.op(
            "Gather",
            [emitBeside(g, answers), g.constant(int64(places))],
            { axis: 1 },
            { name: "prediction" },
          );
        },
        evaluate(x) {
          let known: Table = x;
          const answers: Matrix[] = parts.map((part) => {
            const value = part.evaluate(known);
            known = joinedRows([known, { rows: x.rows, columns: [value.data] }], x.rows);
            return value;
          });
          return besideRows(places.map((place) => answers[place]!));
        },
      },
    };
  },
};

function withoutDecision<T extends { readonly decision?: unknown }>({ decision: _, ...rest }: T): Omit<T, "decision"> {
  return rest;
}
