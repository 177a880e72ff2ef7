// A label per classifier, each of which also sees what the ones before it said. Rule: sklearn/multioutput.py, ClassifierChain
// (_get_predictions; `chain_method` from 1.5 on, before that always `predict`).
import type { Fitted } from "../../formats/index.ts";
import { float64, type Value } from "../../onnx/index.ts";
import { joined, joinedRows } from "./columns.ts";
import { emitColumn, emitPick, numericClasses } from "./combining.ts";
import { column, emitFlat } from "./dense.ts";
import type { Classify, ClassRows, ClassValues, Columns, Emission, Estimator, Table } from "./estimator.ts";

type Handed = "predict" | "predict_proba" | "decision_function";

function handedOn(self: Fitted): Handed {
  const method = self.optionalString("chain_method_") ?? "predict";
  if (method === "predict" || method === "predict_proba" || method === "decision_function") return method;
  throw self.unsupported(`hands on what \`${method}\` answers`, 'use `chain_method="predict"` or `"predict_proba"`');
}

export const classifierChain: Estimator = {
  classes: ["sklearn.multioutput.ClassifierChain"],
  read(self, nested) {
    const steps = self.children("estimators_").map(nested);
    const parts = steps.map(({ classify }) => {
      if (classify?.targets.length === 1 && classify.targets[0]!.length === 2) return classify;
      throw self.unsupported("holds something else than classifiers of two classes");
    });
    const method = handedOn(self);
    const order = self.array("order_").integers();
    const places = order.map((_, target) => order.indexOf(target));
    if (order.length !== parts.length || places.includes(-1)) throw self.invalid("has an order of other labels");
    return { columns: steps[0]?.columns ?? null, classify: chainOf(parts, places, method) };
  },
};

function chainOf(parts: readonly Classify[], places: readonly number[], method: Handed): Classify {
  return {
    targets: places.map((place) => parts[place]!.targets[0]!),
    emit(x, emission) {
      let known: Columns = x;
      const answers = parts.map((part) => {
        const values = part.emit(known, emission)[0]!;
        known = joined([known, { blocks: [{ value: emitHanded(part, values, method, emission), width: 1 }] }]);
        return values;
      });
      return places.map((place) => answers[place]!);
    },
    evaluate(x) {
      let known: Table = x;
      const answers = parts.map((part) => {
        const rows = part.evaluate(known)[0]!;
        known = joinedRows([known, { rows: x.rows, columns: [handedRows(part, rows, method)] }], x.rows);
        return rows;
      });
      return places.map((place) => answers[place]!);
    },
  };
}

/** float64 `[N, 1]` */
function emitHanded({ targets }: Classify, values: ClassValues, method: Handed, { g }: Emission): Value {
  if (method === "predict_proba") return emitPick(g, values.probabilities!, 1);
  if (method === "decision_function") return emitColumn(g, emitFlat(g, values.decision!));
  const classes = g.constant(float64(numericClasses(targets[0]!)), "classes");
  return emitColumn(g, g.op("Gather", [classes, values.index], { axis: 0 }));
}

function handedRows({ targets }: Classify, rows: ClassRows, method: Handed): Float64Array {
  if (method === "predict_proba") return column(rows.probabilities!, 1);
  if (method === "decision_function") return column(rows.decision!, 0);
  const classes = numericClasses(targets[0]!);
  return Float64Array.from(rows.index, (at) => classes[at]!);
}
