// A final estimator on the answers of others. Rule: sklearn/ensemble/_stacking.py, _BaseStacking._transform and _concatenate_predictions.
import type { Fitted } from "../../formats/index.ts";
import { float64, int64, type Value } from "../../onnx/index.ts";
import { joined, joinedRows } from "./columns.ts";
import { besideRows, emitBeside, emitPick, numericClasses, sharedNeeds } from "./combining.ts";
import { column, tableOf } from "./dense.ts";
import type { Classes, Columns, Emission, Estimator, Matrix, Step, Table } from "./estimator.ts";
import { readTargets } from "./tree_classes.ts";

const named = (name: string) => [`sklearn.ensemble._stacking.${name}`];

interface Member {
  readonly step: Step;
  emit(x: Columns, emission: Emission): Value;
  evaluate(x: Table): Matrix;
}

/** Columns that a member hands to the final estimator. */
function memberOf(self: Fitted, step: Step, method: string): Member {
  const { classify, regress } = step;
  if (regress && method === "predict")
    return {
      step,
      emit: (x, emission) => emitBeside(emission.g, [regress.emit(x, emission)]),
      evaluate: (x) => regress.evaluate(x),
    };
  if (classify?.targets.length !== 1) throw self.unsupported(`stacks an estimator by its \`${method}\``);
  const classes = classify.targets[0]!;
  if (method === "predict_proba") {
    // Of two classes the first says nothing that the second does not.
    const isBinary = classes.length === 2;
    return {
      step,
      emit(x, emission) {
        const both = classify.emit(x, emission)[0]!.probabilities!;
        return isBinary ? emitPick(emission.g, both, 1) : both;
      },
      evaluate(x) {
        const both = classify.evaluate(x)[0]!.probabilities!;
        return isBinary ? { rows: both.rows, columns: 1, data: column(both, 1) } : both;
      },
    };
  }
  if (method === "decision_function")
    return {
      step,
      emit: (x, emission) => emitBeside(emission.g, [classify.emit(x, emission)[0]!.decision!]),
      evaluate: (x) => classify.evaluate(x)[0]!.decision!,
    };
  if (method !== "predict") throw self.unsupported(`stacks an estimator by its \`${method}\``);
  const numbers = numericClasses(classes);
  return {
    step,
    emit: (x, emission) =>
      emitBeside(emission.g, [
        emission.g.op("Gather", [emission.g.constant(float64(numbers)), classify.emit(x, emission)[0]!.index]),
      ]),
    evaluate(x) {
      const { index } = classify.evaluate(x)[0]!;
      return { rows: x.rows, columns: 1, data: Float64Array.from(index, (at) => numbers[at]!) };
    },
  };
}

function stacked(self: Fitted, nested: (child: Fitted) => Step) {
  const methods = self.items("stack_method_").filter((method): method is string => typeof method === "string");
  const members = self.children("estimators_").map((child, i) => memberOf(self, nested(child), methods[i] ?? ""));
  const passes = self.boolean("passthrough");
  const final = nested(self.child("final_estimator_"));
  return {
    final,
    columns: sharedNeeds(members.map(({ step }) => step)),
    emit(x: Columns, emission: Emission): Columns {
      const { g } = emission;
      const all = emitBeside(
        g,
        members.map((member) => member.emit(x, emission)),
      );
      const width = (all.shape?.at(-1) as number | null) ?? members.length;
      // ONNX Runtime merges what the answers of a single member are divided by into a MatMul behind it, as a float32 (MatMulScaleFusion): kept apart.
      const value = members.length === 1 ? g.op("Reshape", [all, g.constant(int64([-1, width]))]) : all;
      const answers: Columns = { blocks: [{ value, width }] };
      return passes ? joined([answers, x]) : answers;
    },
    evaluate(x: Table): Table {
      const answers = tableOf(besideRows(members.map((member) => member.evaluate(x))));
      return passes ? joinedRows([answers, x], x.rows) : answers;
    },
  };
}

export const stackingRegressor: Estimator = {
  classes: named("StackingRegressor"),
  read(self, nested) {
    const { final, columns, emit, evaluate } = stacked(self, nested);
    const { regress } = final;
    if (!regress) throw self.invalid("has a final estimator that cannot predict");
    return {
      columns,
      regress: {
        targets: regress.targets,
        emit: (x, emission) => regress.emit(emit(x, emission), emission),
        evaluate: (x) => regress.evaluate(evaluate(x)),
      },
    };
  },
};

export const stackingClassifier: Estimator = {
  classes: named("StackingClassifier"),
  read(self, nested) {
    const { final, columns, emit, evaluate } = stacked(self, nested);
    const { classify } = final;
    if (!classify) throw self.invalid("has a final estimator that cannot classify");
    // The final estimator was fitted on the numbers of the classes.
    const targets = readTargets(self) as Classes[];
    return {
      columns,
      classify: {
        targets,
        emit: (x, emission) => classify.emit(emit(x, emission), emission),
        evaluate: (x) => classify.evaluate(evaluate(x)),
      },
    };
  },
};
