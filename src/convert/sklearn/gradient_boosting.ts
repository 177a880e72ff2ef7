// Gradient boosting: a start, then every tree's value times the learning rate, added in the order of fitting.
// Rule: sklearn/ensemble/_gradient_boosting.pyx, predict_stages: out[i, k] += scale * value. Links: _gb_losses.py up to 1.3, from 1.4
// on sklearn/_loss/loss.py. Labels: up to 1.3 of the larger probability, from 1.4 on of the raw prediction.
import { type Fitted, NdArray } from "../../formats/index.ts";
import { int64, type Value } from "../../onnx/index.ts";
import type { Columns, Emission, Estimator, Step, Table } from "./estimator.ts";
import { type BinaryRule, binaryRows, emitBinary, emitSoftmax, softmaxRows } from "./gradient_boosting_link.ts";
import { readStart, type Start, type StartLink } from "./gradient_boosting_start.ts";
import { readTargets } from "./tree_classes.ts";
import { emitFloat32, emitRounded, leavesOf, numberColumns } from "./tree_input.ts";
import { emitLeafSum, emitLeaves, emitTreeSums, leafForest, leafTable, type PlacedTree } from "./tree_layout.ts";
import { readTreeNodes } from "./tree_nodes.ts";
import { isBefore } from "./tree_release.ts";

const modules = ["sklearn.ensemble._gb", "sklearn.ensemble.gradient_boosting"];

export const gradientBoostingClassifier: Estimator = {
  classes: modules.map((module) => `${module}.GradientBoostingClassifier`),
  read(self, nested) {
    const targets = readTargets(self);
    const classes = targets[0]!.length;
    const isExponential = self.string("loss") === "exponential";
    const link: StartLink = classes > 2 ? "multinomial" : isExponential ? "half_logit" : "logit";
    const boosted = readBoosted(self, link, nested);
    if (boosted.raw !== (classes > 2 ? classes : 1))
      throw self.invalid(`has ${classes} classes and ${boosted.raw} trees per stage`);
    const isOld = isBefore(self.version, 1, 4);
    const rule: BinaryRule = {
      scale: isExponential ? 2 : 1,
      // Of old, a probability had to be above one half; the exponential loss has always looked at the sign.
      label: isOld && !isExponential ? "above-half" : "not-negative",
    };
    const shares = { labelsOfProbabilities: isOld, byLogarithm: isOld };
    return {
      notes: boosted.notes ?? [],
      columns: numberColumns(boosted.features),
      classify: {
        targets,
        isExactDecision: boosted.isExact,
        ...(boosted.promise ? { promise: boosted.promise } : {}),
        emit(x, emission) {
          const sums = boosted.emit(x, emission);
          return [classes === 2 ? emitBinary(emission.g, sums, rule) : emitSoftmax(emission.g, sums, shares)];
        },
        evaluate(x) {
          const sums = boosted.evaluate(x);
          return [classes === 2 ? binaryRows(sums, rule) : softmaxRows(x.rows, classes, sums, shares)];
        },
      },
    };
  },
};

export const gradientBoostingRegressor: Estimator = {
  classes: modules.map((module) => `${module}.GradientBoostingRegressor`),
  read(self, nested) {
    const boosted = readBoosted(self, "identity", nested);
    if (boosted.raw !== 1) throw self.invalid(`has ${boosted.raw} trees per stage`);
    return {
      notes: boosted.notes ?? [],
      columns: numberColumns(boosted.features),
      regress: {
        targets: null,
        isExact: boosted.isExact,
        ...(boosted.promise ? { promise: boosted.promise } : {}),
        emit: (x, emission) => emission.g.op("Reshape", [boosted.emit(x, emission), emission.g.constant(int64([-1]))]),
        evaluate: (x) => ({ rows: x.rows, columns: 1, data: boosted.evaluate(x) }),
      },
    };
  },
};

interface Boosted extends Pick<Start, "promise" | "notes"> {
  readonly features: number;
  /** Raw predictions per row. */
  readonly raw: number;
  /** Whether they have the library's bits: not where they start from a logarithm. */
  readonly isExact: boolean;
  /** float64 `[N, raw]` */
  emit(x: Columns, emission: Emission): Value;
  evaluate(x: Table): Float64Array;
}

function readBoosted(self: Fitted, link: StartLink, nested: (child: Fitted) => Step): Boosted {
  const stages = self.get("estimators_");
  if (!(stages instanceof NdArray) || stages.shape.length !== 2) throw self.invalid("has no stages of trees");
  const raw = stages.shape[1]!;
  const trees: PlacedTree[] = self.children("estimators_").map((child) => ({ nodes: readTreeNodes(child) }));
  const features = trees[0]?.nodes.features;
  if (features === undefined || trees.some(({ nodes }) => nodes.features !== features || nodes.outputs !== 1))
    throw self.invalid("has no trees, or trees of different shapes");
  const rate = self.number("learning_rate");
  const start = readStart(self, link, raw, nested);
  const term = (tree: number, node: number) => {
    const { values, width } = trees[tree]!.nodes;
    return rate * values[node * width]!;
  };
  return {
    features,
    raw,
    isExact: start.isExact,
    ...(start.promise ? { promise: start.promise, notes: start.notes } : {}),
    emit: (x, emission) => emitBoosted(x, emission, trees, raw, start, term),
    evaluate(x) {
      const sums = start.evaluate?.(rounded(x)) ?? tiled(start.constants!, x.rows);
      trees.forEach(({ nodes }, tree) => {
        let at = tree % raw;
        for (const leaf of leavesOf(nodes, x)) {
          sums[at]! += term(tree, leaf);
          at += raw;
        }
      });
      return sums;
    },
  };
}

function emitBoosted(
  x: Columns,
  emission: Emission,
  trees: readonly PlacedTree[],
  raw: number,
  start: Start,
  term: (tree: number, node: number) => number,
): Value {
  const { g } = emission;
  const matrix = emitRounded(g, x);
  if (start.constants) return emitTreeSums(g, matrix, trees, raw, (tree) => tree % raw, term, start.constants);
  // The library hands its float32 matrix to the estimator that it starts from.
  const seen = { blocks: [{ value: matrix, width: trees[0]!.nodes.features }] };
  const forest = leafForest(trees);
  const table = leafTable(forest, raw, (tree, node, into, at) => {
    into[at + (tree % raw)] = term(tree, node);
  });
  return emitLeafSum(
    g,
    emitLeaves(g, emitFloat32(g, x), forest),
    trees.length,
    table,
    raw,
    start.emit!(seen, emission),
  );
}

function rounded(x: Table): Table {
  return { rows: x.rows, columns: x.columns.map((column) => Float64Array.from(column as Float64Array, Math.fround)) };
}

export function tiled(row: readonly number[], rows: number): Float64Array {
  const data = new Float64Array(rows * row.length);
  for (let i = 0; i < rows; i++) data.set(row, i * row.length);
  return data;
}
