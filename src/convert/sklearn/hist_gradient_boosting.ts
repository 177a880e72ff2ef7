// Histogram gradient boosting: baseline, then the trees' values in the order of fitting, all in float64.
// Rule: sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx, _predict_one_from_raw_data, and gradient_boosting.py, _raw_predict.
// Labels: up to 1.4 of the larger probability, from 1.5 on of the raw prediction (HistGradientBoostingClassifier.predict).
import type { Fitted } from "../../formats/index.ts";
import { int64, type Value } from "../../onnx/index.ts";
import { emitTreeEnsemble, splitMode, type TreeEnsemble } from "../tree_ensemble.ts";
import type { Columns, Emission, Estimator, Table } from "./estimator.ts";
import { tiled } from "./gradient_boosting.ts";
import { type BinaryRule, binaryRows, emitBinary, emitSoftmax, softmaxRows } from "./gradient_boosting_link.ts";
import { emitHistMatrix, type HistInput, histRows, readHistInput } from "./hist_gradient_boosting_input.ts";
import { type HistTree, inBitset, readHistTrees, readKnownCategories } from "./hist_gradient_boosting_nodes.ts";
import { readTargets } from "./tree_classes.ts";
import { starting } from "./tree_layout.ts";
import { isBefore } from "./tree_release.ts";

const module = "sklearn.ensemble._hist_gradient_boosting.gradient_boosting";

export const histGradientBoostingClassifier: Estimator = {
  classes: [`${module}.HistGradientBoostingClassifier`],
  read(self) {
    const boosted = readHist(self);
    const targets = readTargets(self);
    const classes = targets[0]!.length;
    if (boosted.raw !== (classes > 2 ? classes : 1))
      throw self.invalid(`has ${classes} classes and ${boosted.raw} trees per iteration`);
    const isOld = isBefore(self.version, 1, 5);
    const rule: BinaryRule = { scale: 1, label: isOld ? "above-half" : "positive" };
    const shares = { labelsOfProbabilities: isOld, byLogarithm: isBefore(self.version, 1, 1) };
    return {
      columns: boosted.input.columns,
      classify: {
        targets,
        isExactDecision: true,
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

export const histGradientBoostingRegressor: Estimator = {
  classes: [`${module}.HistGradientBoostingRegressor`],
  read(self) {
    const boosted = readHist(self);
    if (boosted.raw !== 1) throw self.invalid(`has ${boosted.raw} trees per iteration`);
    const isExponential = hasLogLink(self);
    return {
      columns: boosted.input.columns,
      regress: {
        targets: null,
        isExact: !isExponential,
        emit(x, emission) {
          const { g } = emission;
          const sums = g.op("Reshape", [boosted.emit(x, emission), g.constant(int64([-1]))]);
          return isExponential ? g.op("Exp", [sums]) : sums;
        },
        evaluate(x) {
          const sums = boosted.evaluate(x);
          return { rows: x.rows, columns: 1, data: isExponential ? sums.map(Math.exp) : sums };
        },
      },
    };
  },
};

const identityLosses = ["squared_error", "least_squares", "absolute_error", "least_absolute_deviation", "quantile"];

function hasLogLink(self: Fitted): boolean {
  const loss = self.string("loss");
  if (loss === "poisson" || loss === "gamma") return true;
  if (identityLosses.includes(loss)) return false;
  throw self.unsupported(`has the loss "${loss}"`);
}

interface Boosted {
  readonly input: HistInput;
  /** Raw predictions per row. */
  readonly raw: number;
  /** float64 `[N, raw]` */
  emit(x: Columns, emission: Emission): Value;
  evaluate(x: Table): Float64Array;
}

function readHist(self: Fitted): Boosted {
  const features = self.number(self.has("n_features_in_") ? "n_features_in_" : "_n_features");
  const { trees, perIteration: raw } = readHistTrees(self, features);
  const known = readKnownCategories(self, features);
  const input = readHistInput(
    self,
    known.map((each) => each !== null),
  );
  // A number for one raw prediction; a column or a row of them for more.
  const baseline = baselineOf(self);
  if (baseline.length !== raw) throw self.invalid(`has ${raw} trees per iteration and ${baseline.length} baselines`);
  return {
    input,
    raw,
    emit(x, emission) {
      const matrix = emitHistMatrix(x, emission, input);
      return emitTreeEnsemble(emission.g, matrix, starting(ensembleOf(trees, raw, known), Array.from(baseline)));
    },
    evaluate(x) {
      const sums = tiled(Array.from(baseline), x.rows);
      let row = 0;
      for (const values of histRows(x, input)) {
        trees.forEach((tree, t) => {
          sums[row * raw + (t % raw)]! += tree.value[leafOf(tree, known, values)]!;
        });
        row++;
      }
      return sums;
    },
  };
}

function baselineOf(self: Fitted): Float64Array {
  const value = self.get("_baseline_prediction");
  return typeof value === "object" && value !== null && "shape" in value && value.shape.length > 0
    ? self.floats("_baseline_prediction")
    : Float64Array.of(self.number("_baseline_prediction"));
}

/** The leaf of a row. Rule: _predict_one_from_raw_data. */
function leafOf(tree: HistTree, known: readonly (ReadonlySet<number> | null)[], row: Float64Array): number {
  let node = 0;
  while (!tree.isLeaf[node]) {
    const feature = tree.feature[node]!;
    const value = row[feature]!;
    let goesLeft = tree.missingLeft[node] !== 0;
    if (!Number.isNaN(value)) {
      if (!tree.isCategorical[node]) goesLeft = value <= tree.threshold[node]!;
      else if (value >= 0) {
        if (inBitset(tree.bitsets, tree.bitset[node]!, value)) goesLeft = true;
        else if (known[feature]?.has(value)) goesLeft = false;
      }
    }
    node = goesLeft ? tree.left[node]! : tree.right[node]!;
  }
  return node;
}

/**
 * A categorical node asks for membership in the set of one side, and the other side is where everything else goes: negative,
 * unknown and missing values among it. That is the right side where missing values go right, else the left one.
 */
function ensembleOf(
  trees: readonly HistTree[],
  targets: number,
  known: readonly (ReadonlySet<number> | null)[],
): TreeEnsemble {
  const leaves = trees.reduce((sum, { isLeaf }) => sum + isLeaf.reduce((own, flag) => own + (flag ? 1 : 0), 0), 0);
  const inner = trees.reduce((sum, { count }) => sum + count, 0) - leaves;
  const members: number[][] = [];
  const ensemble = {
    dtype: "float64" as const,
    roots: new Int32Array(trees.length),
    feature: new Int32Array(inner),
    mode: new Uint8Array(inner),
    threshold: new Float64Array(inner),
    trueChild: new Int32Array(inner),
    falseChild: new Int32Array(inner),
    missingTracksTrue: new Uint8Array(inner),
    members,
    leafTarget: new Int32Array(leaves),
    leafWeight: new Float64Array(leaves),
    targets,
  };
  let [nextInner, nextLeaf] = [0, 0];
  trees.forEach((tree, t) => {
    const place = new Int32Array(tree.count);
    for (let node = 0; node < tree.count; node++)
      if (tree.isLeaf[node]) {
        ensemble.leafTarget[nextLeaf] = t % targets;
        ensemble.leafWeight[nextLeaf] = tree.value[node]!;
        place[node] = ~nextLeaf++;
      } else place[node] = nextInner++;
    ensemble.roots[t] = place[0]!;
    for (let node = 0; node < tree.count; node++) {
      const at = place[node]!;
      if (at < 0) continue;
      const missingLeft = tree.missingLeft[node] !== 0;
      const [left, right] = [place[tree.left[node]!]!, place[tree.right[node]!]!];
      const asksRight = tree.isCategorical[node] !== 0 && missingLeft;
      ensemble.feature[at] = tree.feature[node]!;
      ensemble.trueChild[at] = asksRight ? right : left;
      ensemble.falseChild[at] = asksRight ? left : right;
      if (tree.isCategorical[node]) {
        ensemble.mode[at] = splitMode.member;
        members.push(membersOf(tree, node, missingLeft ? (known[tree.feature[node]!] ?? new Set()) : null));
      } else {
        ensemble.mode[at] = splitMode.leq;
        ensemble.threshold[at] = tree.threshold[node]!;
        ensemble.missingTracksTrue[at] = missingLeft ? 1 : 0;
      }
    }
  });
  return ensemble;
}

/** Categories that go left or, where the known ones are given, those of them that go right. -2 stands in an empty set. */
function membersOf(tree: HistTree, node: number, known: ReadonlySet<number> | null): number[] {
  const isLeft = (code: number) => inBitset(tree.bitsets, tree.bitset[node]!, code);
  const codes = Array.from({ length: 256 }, (_, code) => code);
  const members = codes.filter((code) => (known ? known.has(code) && !isLeft(code) : isLeft(code)));
  return members.length > 0 ? members : [-2];
}
