// Forests that were grown until every leaf has one class, as scikit-learn's are by default: each tree votes, and a probability is a number
// of votes by the number of trees. One float32 walk counts them; nothing is looked up or added outside of the operator.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { emitTreeEnsemble } from "../tree_ensemble.ts";
import { type LeafClasses, writeProbabilities } from "./tree_classes.ts";
import { leafForest, type PlacedTree } from "./tree_layout.ts";

const toFloat64 = { to: 11 };

/** Counts of so many trees, times the largest weight, are exact in float32. */
const largestForest = 2 ** 20;
const mostClasses = 100;

/** The class that each leaf votes for, in the order of the leaves; null where one says more than that. */
export function votesOf(trees: readonly PlacedTree[], leaf: LeafClasses): Uint8Array | null {
  if (leaf.counts.length !== 1 || leaf.width > mostClasses || trees.length > largestForest) return null;
  const votes: number[] = [];
  const own = new Float64Array(leaf.width);
  for (const { nodes } of trees)
    for (let node = 0; node < nodes.count; node++) {
      if (nodes.left[node] !== -1) continue;
      writeProbabilities(nodes, leaf, node, own, 0);
      const vote = own.indexOf(1);
      if (vote < 0 || own.some((value, k) => k !== vote && value !== 0)) return null;
      votes.push(vote);
    }
  return Uint8Array.from(votes);
}

/** @returns float64 `[N, width]`: votes by trees */
export function emitVotes(
  g: GraphBuilder,
  matrix32: Value,
  trees: readonly PlacedTree[],
  votes: Uint8Array,
  width: number,
): Value {
  const { ensemble } = leafForest(trees);
  const bits = Math.ceil(Math.log2(trees.length + 1));
  const walked = (targets: number, targetOf: (vote: number) => number, weightOf: (vote: number) => number) => {
    const leafTarget = Int32Array.from(votes, targetOf);
    const leafWeight = Float32Array.from(votes, weightOf);
    const sums = emitTreeEnsemble(g, matrix32, { ...ensemble, leafTarget, leafWeight, targets });
    return g.op("Cast", [sums], toFloat64, { name: "votes" });
  };
  if (bits * width <= significand)
    return emitDigits(
      g,
      walked(
        1,
        () => 0,
        (vote) => 2 ** (bits * vote),
      ),
      bits,
      width,
      trees.length,
    );
  // ONNX Runtime (1.30) merges leaves by weight alone, so classes must differ in it. A sum of one power of two is exact, and so is its quotient.
  const sums = walked(
    width,
    (vote) => vote,
    (vote) => 2 ** vote,
  );
  const whole = Float64Array.from({ length: width }, (_, k) => trees.length * 2 ** k);
  return g.op("Div", [sums, g.constant(float64(whole))], {}, { name: "mean" });
}

/** Bits of a float32. */
const significand = 24;

/** A walk with one sum is quicker than one with several: the counts are the digits of one number, `bits` binary places each. */
function emitDigits(g: GraphBuilder, number: Value, bits: number, width: number, trees: number): Value {
  const places = Float64Array.from({ length: width + 1 }, (_, k) => 2 ** (bits * k));
  const above = g.op("Floor", [g.op("Div", [number, g.constant(float64(places))])]);
  const part = (from: number) =>
    g.op("Slice", [above, ...[from, from + width, 1].map((at) => g.constant(int64([at])))]);
  const carried = g.op("Mul", [part(1), g.constant(float64(new Float64Array(width).fill(2 ** bits)))]);
  const counts = g.op("Sub", [part(0), carried]);
  return g.op("Div", [counts, g.constant(float64([trees], []))], {}, { name: "mean" });
}
