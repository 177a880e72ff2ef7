// Columns of one cluster as one. Rule: sklearn/cluster/_feature_agglomeration.py, AgglomerationTransform.transform.
import { PyGlobal } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantNumber, emitDense, oneBlock } from "./dense.ts";
import type { Estimator } from "./estimator.ts";
import { numberColumns } from "./tree_input.ts";

interface Pooling {
  /** `[N, 1]` of `[N, count]`. */
  emit(g: GraphBuilder, x: Value, axis: Value, count: number): Value;
  evaluate(values: readonly number[]): number;
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const largest: Pooling = {
  emit: (g, x, axis) => g.op("ReduceMax", [x, axis], { keepdims: 1 }),
  evaluate: (values) => values.reduce((most, value) => Math.max(most, value)),
};
const smallest: Pooling = {
  emit: (g, x, axis) => g.op("ReduceMin", [x, axis], { keepdims: 1 }),
  evaluate: (values) => values.reduce((least, value) => Math.min(least, value)),
};
const poolings: Readonly<Record<string, Pooling>> = {
  mean: {
    emit: (g, x, axis, count) => g.op("Div", [g.op("ReduceSum", [x, axis], { keepdims: 1 }), constantNumber(g, count)]),
    evaluate: (values) => sumOf(values) / values.length,
  },
  sum: { emit: (g, x, axis) => g.op("ReduceSum", [x, axis], { keepdims: 1 }), evaluate: sumOf },
  max: largest,
  amax: largest,
  min: smallest,
  amin: smallest,
};

export const featureAgglomeration: Estimator = {
  classes: ["sklearn.cluster._agglomerative.FeatureAgglomeration", "sklearn.cluster.hierarchical.FeatureAgglomeration"],
  read(self) {
    const labels = self.array("labels_").integers();
    const func = self.get("pooling_func");
    const name = func instanceof PyGlobal && /^numpy(\.|$)/.test(func.module) ? func.name : null;
    if (name === null || !Object.hasOwn(poolings, name))
      throw self.unsupported(
        `pools columns by ${func instanceof PyGlobal ? func.path : "a function of its own"}`,
        "use one of numpy.mean, numpy.sum, numpy.max and numpy.min",
      );
    const pooling = poolings[name]!;
    const clusters = [...Map.groupBy(labels.keys(), (column) => labels[column]!)]
      .toSorted(([a], [b]) => a - b)
      .map(([, columns]) => columns);
    return {
      columns: numberColumns(labels.length),
      transform: {
        width: clusters.length,
        emit(x, { g }) {
          const raw = emitDense(g, x);
          const axis = g.constant(int64([1]));
          const pooled = clusters.map((columns) =>
            pooling.emit(g, g.op("Gather", [raw, g.constant(int64(columns))], { axis: 1 }), axis, columns.length),
          );
          return oneBlock(pooled.length === 1 ? pooled[0]! : g.op("Concat", pooled, { axis: 1 }), clusters.length);
        },
        evaluate: (x) => ({
          rows: x.rows,
          columns: clusters.map((columns) =>
            Float64Array.from({ length: x.rows }, (_, row) =>
              pooling.evaluate(columns.map((column) => x.columns[column]![row] as number)),
            ),
          ),
        }),
      },
    };
  },
};
