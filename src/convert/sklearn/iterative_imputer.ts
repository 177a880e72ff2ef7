// Missing values predicted from the other columns, round after round. Rule: sklearn/impute/_iterative.py, IterativeImputer.transform:
// a first filling, then for each of `imputation_sequence_` the estimator's prediction, cut to the allowed range, where the value was missing.
import { type Fitted, NdArray, numberOf, PyObject, PyTuple, type PyValue } from "../../formats/index.ts";
import { int64, type Value } from "../../onnx/index.ts";
import { selected } from "./columns.ts";
import { constantNumber, emitDense, oneBlock } from "./dense.ts";
import type { Estimator, Regress, Step, Table, Transform } from "./estimator.ts";
import { beside, emitIsMissing, isMissing, missingMark } from "./imputers.ts";
import { numberColumns } from "./tree_input.ts";

/** One prediction: of a column from others, numbered after empty ones were left out. */
interface Turn {
  readonly column: number;
  readonly from: readonly number[];
  readonly regress: Regress;
  readonly least: number;
  readonly most: number;
}

export const iterativeImputer: Estimator = {
  classes: ["sklearn.impute._iterative.IterativeImputer"],
  read(self, nested) {
    if (self.get("sample_posterior") === true)
      throw self.unsupported(
        "draws what it fills at random (`sample_posterior`)",
        "fit it with `sample_posterior=False`",
      );
    const mark = missingMark(self);
    const initial = self.child("initial_imputer_");
    const first = nested(initial);
    const statistics = initial.floats("statistics_");
    const keepsEmpty = self.get("keep_empty_features") === true;
    const kept = Array.from(statistics, (_, column) => column).filter(
      (column) => keepsEmpty || !Number.isNaN(statistics[column]!),
    );
    if (first.transform?.width !== kept.length)
      throw self.unsupported("fills empty columns in a way that is not known");
    const turns = turnsOf(self, nested, kept.length);
    const filled: Transform = {
      width: kept.length,
      fillsMissing: mark.kind === "missing",
      emit(x, emission) {
        const { g } = emission;
        const raw = selected({ blocks: [{ value: emitDense(g, x), width: statistics.length }] }, kept, g).blocks[0]!;
        const isAbsent = emitIsMissing(raw, mark, emission);
        const start = emitDense(g, first.transform!.emit(x, emission));
        const columnOf = (value: Value, k: number) => g.op("Gather", [value, g.constant(int64([k]))], { axis: 1 });
        const values = kept.map((_, k) => columnOf(start, k));
        for (const { column, from, regress, least, most } of turns) {
          const others = from.map((k) => ({ value: values[k]!, width: 1 }));
          const given = regress.emit({ blocks: others }, emission);
          const predicted = g.op("Reshape", [given, g.constant(int64([-1, 1]))]);
          const raised = g.op("Max", [predicted, constantNumber(g, least)]);
          const cut = g.op("Min", [raised, constantNumber(g, most)]);
          values[column] = g.op("Where", [columnOf(isAbsent, column), cut, values[column]!], {}, { name: "imputed" });
        }
        return oneBlock(values.length === 1 ? values[0]! : g.op("Concat", values, { axis: 1 }), kept.length);
      },
      evaluate(x) {
        const start = first.transform!.evaluate(x);
        const columns = start.columns.map((column) => Float64Array.from(column as Float64Array));
        for (const { column, from, regress, least, most } of turns) {
          const others: Table = { rows: x.rows, columns: from.map((k) => columns[k]!) };
          const predicted = regress.evaluate(others).data;
          const given = x.columns[kept[column]!] as Float64Array;
          columns[column]!.forEach((_, row) => {
            if (isMissing(given[row]!, mark)) columns[column]![row] = Math.min(Math.max(predicted[row]!, least), most);
          });
        }
        return { rows: x.rows, columns };
      },
    };
    const indicator = self.optionalChild("indicator_");
    // Where a number stands for missing, the library refuses NaN.
    const step: Step = { columns: numberColumns(statistics.length, mark.kind === "missing"), transform: filled };
    return indicator ? { ...step, transform: beside(filled, nested(indicator).transform!) } : step;
  },
};

function turnsOf(self: Fitted, nested: (child: Fitted) => Step, width: number): Turn[] {
  if (self.number("n_iter_") === 0) return [];
  const [least, most] = [self.floats("_min_value"), self.floats("_max_value")];
  return self.items("imputation_sequence_").map((item, i) => {
    const where = `imputation_sequence_[${i}]`;
    const [feature, neighbours, estimator] = fieldsOf(item);
    const column = numberOf(feature);
    if (column === undefined || !(neighbours instanceof NdArray) || estimator === undefined)
      throw self.invalid(`has \`${where}\` that is no column with its neighbours and estimator`);
    const from = neighbours.integers();
    if ([column, ...from].some((k) => !Number.isInteger(k) || k < 0 || k >= width))
      throw self.invalid(`has \`${where}\` of columns beyond the ${width} that there are`);
    const { regress } = nested(self.at(estimator, `${where}.estimator`));
    if (!regress || regress.targets !== null) throw self.invalid(`has \`${where}\` whose estimator predicts no number`);
    return { column, from, regress, least: least[column]!, most: most[column]! };
  });
}

/** The fields of an `_ImputerTriplet`, a named tuple. */
function fieldsOf(value: PyValue): readonly PyValue[] {
  if (value instanceof PyTuple) return value.items;
  return value instanceof PyObject ? value.args : [];
}
