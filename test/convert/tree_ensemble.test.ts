// Forests as ONNX Runtime, its WebAssembly build and our evaluator run them, against a walk written out. Weights and categories are
// few on purpose: ONNX Runtime merges neighbouring nodes that ask for a category and lead to leaves of one weight.
import fc from "fast-check";
import { expect, test } from "vitest";
import { emitTreeEnsemble, splitMode, type TreeEnsemble } from "../../src/convert/tree_ensemble.ts";
import type { Schema } from "../../src/core/index.ts";
import { GraphBuilder, writeModel } from "../../src/onnx/index.ts";
import { openPredictor } from "../../src/runtime/index.ts";

type Split = { readonly feature: number; readonly mode: number; readonly at: number; readonly set: readonly number[] };
type Tree =
  | { readonly target: number; readonly weight: number }
  | { readonly split: Split; readonly yes: Tree; readonly no: Tree };

const features = 2;
const runtimes = ["native", "wasm", "micro"] as const;

function isTrue({ mode, at, set }: Split, value: number): boolean {
  if (mode === splitMode.lt) return value < at;
  return mode === splitMode.eq ? value === at : set.includes(value);
}

function sums(trees: readonly Tree[], targets: number, row: readonly number[]): number[] {
  const result = new Array<number>(targets).fill(0);
  for (let tree of trees) {
    while ("split" in tree) tree = isTrue(tree.split, row[tree.split.feature]!) ? tree.yes : tree.no;
    result[tree.target]! += tree.weight;
  }
  return result;
}

function ensemble(trees: readonly Tree[], targets: number, dtype: TreeEnsemble["dtype"]): TreeEnsemble {
  const splits: (Split & { yes: number; no: number })[] = [];
  const leaves: { target: number; weight: number }[] = [];
  const add = (tree: Tree): number => {
    if (!("split" in tree)) return ~(leaves.push(tree) - 1);
    const at = splits.push({ ...tree.split, yes: 0, no: 0 }) - 1;
    splits[at]!.yes = add(tree.yes);
    splits[at]!.no = add(tree.no);
    return at;
  };
  const roots = Int32Array.from(trees, add);
  const numbers = dtype === "float32" ? Float32Array : Float64Array;
  return {
    dtype,
    roots,
    feature: Int32Array.from(splits, ({ feature }) => feature),
    mode: Uint8Array.from(splits, ({ mode }) => mode),
    threshold: numbers.from(splits.map(({ at }) => at)),
    trueChild: Int32Array.from(splits, ({ yes }) => yes),
    falseChild: Int32Array.from(splits, ({ no }) => no),
    missingTracksTrue: new Uint8Array(splits.length),
    members: splits.filter(({ mode }) => mode === splitMode.member).map(({ set }) => set),
    leafTarget: Int32Array.from(leaves, ({ target }) => target),
    leafWeight: numbers.from(leaves.map(({ weight }) => weight)),
    targets,
  };
}

async function run(trees: TreeEnsemble, rows: readonly (readonly number[])[], runtime: (typeof runtimes)[number]) {
  const { dtype, targets } = trees;
  const g = new GraphBuilder("forest");
  g.output(emitTreeEnsemble(g, g.input("x", dtype, ["N", features]), trees), "sums");
  const schema: Schema = {
    inputs: [{ name: "x", type: "float", dtype, shape: [features], layout: "batch" }],
    outputs: [{ name: "sums", type: "float", dtype, shape: [targets], layout: "batch" }],
  };
  const predictor = await openPredictor({ bytes: writeModel(g.build()) }, schema, { runtime });
  try {
    const flat = rows.flat();
    const data = dtype === "float32" ? Float32Array.from(flat) : Float64Array.from(flat);
    const { sums: result } = await predictor.run({ x: { dtype, dims: [rows.length, features], data } });
    return Array.from(result!.data as Float32Array | Float64Array);
  } finally {
    await predictor.close();
  }
}

const asks = (at: number, yes: Tree, no: Tree): Tree => ({
  split: { feature: 0, mode: splitMode.eq, at, set: [] },
  yes,
  no,
});
const leaf = (weight: number, target = 0): Tree => ({ weight, target });
const rows = [-1, 0, 1, 2, 5, 13, 31, 32, 33, 64, 65, 90].map((code, i) => [code, i % 3]);

const forests: [name: string, trees: Tree[]][] = [
  ["a leaf before merged leaves", [leaf(100, 2), asks(13, leaf(1), asks(2, leaf(1), leaf(7)))]],
  [
    "two leaves before merged leaves",
    [leaf(50), leaf(100, 1), asks(1, leaf(2), asks(5, leaf(2), asks(32, leaf(2), leaf(3))))],
  ],
  ["merged leaves first", [asks(13, leaf(1), asks(2, leaf(1), leaf(7))), leaf(100)]],
  ["leaves only", [leaf(1), leaf(2, 1), leaf(4)]],
  ["a root whose leaf and node have one number", [leaf(8), asks(2, leaf(1), asks(90, leaf(2), leaf(3)))]],
];
test.each(runtimes.flatMap((runtime) => forests.map(([name, trees]) => [name, runtime, trees] as const)))(
  "%s on %s",
  async (_name, runtime, trees) => {
    for (const dtype of ["float32", "float64"] as const)
      expect(await run(ensemble(trees, 3, dtype), rows, runtime)).toEqual(rows.flatMap((row) => sums(trees, 3, row)));
  },
);

const code = fc.constantFrom(0, 1, 2, 5, 31, 32, 33, 64, 65);
const split = fc.record({
  feature: fc.nat({ max: features - 1 }),
  mode: fc.constantFrom(splitMode.lt, splitMode.eq, splitMode.eq, splitMode.eq, splitMode.member),
  at: code,
  set: fc.uniqueArray(code, { minLength: 2, maxLength: 5 }),
});
/** Leaves of one tree add to one column, as boosters have them. */
const treeOf = (target: number) =>
  fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6, depthSize: "large" },
      fc.constantFrom(1, 2, -4).map((weight) => leaf(weight, target)),
      fc.record({ split, yes: tie("tree"), no: tie("tree") }),
    ),
  })).tree;
const forest = fc.integer({ min: 1, max: 3 }).chain((targets) =>
  fc.record({
    trees: fc.array(fc.nat({ max: targets - 1 }).chain(treeOf), { minLength: 1, maxLength: 6 }),
    targets: fc.constant(targets),
  }),
);

test.each(runtimes)("random forests of few weights on %s", async (runtime) => {
  const all = [-1, 0, 1, 2, 5, 7, 31, 32, 33, 64, 65].flatMap((a) => [-1, 0, 1, 5, 32, 64, 70].map((b) => [a, b]));
  await fc.assert(
    fc.asyncProperty(forest, fc.constantFrom("float32", "float64"), async ({ trees, targets }, dtype) => {
      expect(await run(ensemble(trees, targets, dtype), all, runtime)).toEqual(
        all.flatMap((row) => sums(trees, targets, row)),
      );
    }),
    { numRuns: runtime === "native" ? 200 : 60 },
  );
});
