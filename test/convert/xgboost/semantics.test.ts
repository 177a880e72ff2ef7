// Random forests with every kind of split, against XGBoost's decision rules written out (src/predictor/predict_fn.h, GetNextNode;
// src/common/categorical.h, Decision). Reaches combinations that training rarely makes, in both forms of the file.
import fc from "fast-check";
import { expect, test } from "vitest";
import { convertXgboost } from "../../../src/convert/xgboost/index.ts";
import { readXgboostJson, readXgboostUbj } from "../../../src/formats/index.ts";
import { writeModel } from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";
import { asUbj, type Node } from "../../formats/xgboost/document.ts";

const features = 4;
const tiny = 2 ** -149;
const thresholds = [0, -0, tiny, -tiny, 1, -1, 0.5, 2.5, -2.5, 1e30, -1e30, Infinity, -Infinity].map(Math.fround);
const codes = [0, 1, 2, 3, 31, 32, 63, 64, 200, 2 ** 24 - 1];
const values = [
  ...thresholds,
  ...codes,
  Number.NaN,
  3.99,
  -0.5,
  -3,
  65,
  201,
  2 ** 24,
  2 ** 31,
  Math.fround(1 + 2 ** -23),
  Math.fround(0.5 - 2 ** -25),
];

interface Split {
  readonly feature: number;
  readonly threshold: number;
  readonly defaultLeft: boolean;
  /** Categories that go right; null for a comparison. */
  readonly set: readonly number[] | null;
}
type Tree = { readonly split: Split; readonly left: Tree; readonly right: Tree } | { readonly leaf: number };
interface Forest {
  readonly trees: readonly { readonly tree: Tree; readonly group: number; readonly weight: number }[];
  readonly groups: number;
  readonly baseScore: number;
}

function goesLeft({ threshold, defaultLeft, set }: Split, value: number): boolean {
  if (Number.isNaN(value)) return defaultLeft;
  if (!set) return value < threshold;
  if (value < 0 || value >= 2 ** 24) return true;
  return !set.includes(Math.trunc(value));
}

function marginsOf({ trees, groups, baseScore }: Forest, row: readonly number[]): number[] {
  const sums = new Float32Array(groups).fill(baseScore);
  for (const { tree, group, weight } of trees) {
    let node = tree;
    while ("split" in node) node = goesLeft(node.split, row[node.split.feature]!) ? node.left : node.right;
    sums[group] = sums[group]! + Math.fround(node.leaf * weight);
  }
  return [...sums];
}

function columnsOf(tree: Tree): { [key: string]: Node } {
  const lists = ["left_children", "right_children", "split_indices", "split_conditions", "default_left", "split_type"];
  const columns = Object.fromEntries(lists.map((key) => [key, [] as number[]])) as Record<string, number[]>;
  const sets = { categories: [] as number[], nodes: [] as number[], from: [] as number[], sizes: [] as number[] };
  const add = (node: Tree): number => {
    const at = columns["left_children"]!.length;
    const put = (...row: number[]) =>
      lists.forEach((key, i) => {
        columns[key]![at] = row[i]!;
      });
    if ("leaf" in node) put(-1, -1, 0, node.leaf, 0, 0);
    else {
      const { feature, threshold, defaultLeft, set } = node.split;
      put(0, 0, feature, set ? 0 : threshold, defaultLeft ? 1 : 0, set ? 1 : 0);
      if (set) {
        sets.nodes.push(at);
        sets.from.push(sets.categories.length);
        sets.sizes.push(set.length);
        sets.categories.push(...set);
      }
      columns["left_children"]![at] = add(node.left);
      columns["right_children"]![at] = add(node.right);
    }
    return at;
  };
  add(tree);
  return {
    ...columns,
    split_conditions: Float32Array.from(columns["split_conditions"]!),
    categories: Int32Array.from(sets.categories),
    categories_nodes: Int32Array.from(sets.nodes),
    categories_segments: Int32Array.from(sets.from),
    categories_sizes: Int32Array.from(sets.sizes),
    tree_param: { size_leaf_vector: "1" },
  };
}

function documentOf({ trees, groups, baseScore }: Forest): { [key: string]: Node } {
  const isDart = trees.some(({ weight }) => weight !== 1);
  const gbtree = {
    name: "gbtree",
    model: {
      gbtree_model_param: { num_parallel_tree: "1" },
      tree_info: trees.map(({ group }) => group),
      trees: trees.map(({ tree }) => columnsOf(tree)),
    },
  };
  return {
    learner: {
      gradient_booster: isDart ? { name: "dart", gbtree, weight_drop: trees.map(({ weight }) => weight) } : gbtree,
      learner_model_param: {
        base_score: String(baseScore),
        num_feature: String(features),
        num_class: "0",
        num_target: String(groups),
      },
      objective: { name: "reg:squarederror" },
    },
    version: [3, 0, 5],
  };
}

/** JSON as XGBoost writes it: infinities are bare words. */
function jsonOf(document: unknown): Uint8Array {
  const text = JSON.stringify(document, (_key, value) => {
    if (value instanceof Float32Array || value instanceof Int32Array) return Array.from(value, marked);
    return value;
  });
  return new TextEncoder().encode(text.replaceAll(/"#(-?\w+)"/g, "$1"));
}
const marked = (value: number) =>
  Number.isFinite(value) && !Object.is(value, -0) ? value : `#${Object.is(value, -0) ? "-0" : value}`;

const split: fc.Arbitrary<Split> = fc.record({
  feature: fc.nat({ max: features - 1 }),
  threshold: fc.constantFrom(...thresholds),
  defaultLeft: fc.boolean(),
  set: fc.option(fc.uniqueArray(fc.constantFrom(...codes, 2 ** 24, 2 ** 30), { maxLength: 6 })),
});
const weightOf = fc.oneof(
  { weight: 3, arbitrary: fc.constant(1) },
  fc.float({ min: Math.fround(0.01), max: 2, noNaN: true }),
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: "large" },
    fc.float({ min: -2, max: 2, noNaN: true }).map((leaf) => ({ leaf })),
    fc.record({ split, left: tie("tree"), right: tie("tree") }),
  ),
}));
const forest: fc.Arbitrary<Forest> = fc.integer({ min: 1, max: 3 }).chain((groups) =>
  fc.record({
    trees: fc.array(fc.record({ tree, group: fc.nat({ max: groups - 1 }), weight: weightOf }), {
      minLength: 1,
      maxLength: 7,
    }),
    groups: fc.constant(groups),
    baseScore: fc.constantFrom(0, 0.5, Math.fround(0.1), -3.25),
  }),
);

/** A column is either numbers or codes: XGBoost trains no model that compares what it also looks up. */
function separated(model: Forest): Forest {
  const kinds = new Map<number, boolean>();
  const visit = (node: Tree): Tree => {
    if ("leaf" in node) return node;
    const { feature, set } = node.split;
    const isCode = kinds.get(feature) ?? set !== null;
    kinds.set(feature, isCode);
    const kept = { ...node.split, set: isCode ? (set ?? [1]) : null };
    return { split: kept, left: visit(node.left), right: visit(node.right) };
  };
  return { ...model, trees: model.trees.map((each) => ({ ...each, tree: visit(each.tree) })) };
}

const rows = fc.array(fc.array(fc.constantFrom(...values), { minLength: features, maxLength: features }), {
  minLength: 40,
  maxLength: 40,
});

test.each(["native", "wasm", "micro"] as const)("random forests decide like XGBoost on %s", async (runtime) => {
  await fc.assert(
    fc.asyncProperty(forest.map(separated), rows, async (random, table) => {
      const document = documentOf(random);
      const { form: _ubj, source: _source, ...fromUbj } = readXgboostUbj(asUbj(document), "random");
      const model = readXgboostJson(jsonOf(document), "random");
      expect(model).toMatchObject(fromUbj);
      const { model: graph, schema } = convertXgboost(model);
      const predictor = await openPredictor({ bytes: writeModel(graph) }, schema, { runtime });
      try {
        const data = Float32Array.from(table.flat());
        const { prediction } = await predictor.run({
          features: { dtype: "float32", dims: [table.length, features], data },
        });
        expect([...(prediction!.data as Float32Array)]).toEqual(table.flatMap((row) => marginsOf(random, row)));
      } finally {
        await predictor.close();
      }
    }),
    { numRuns: runtime === "native" ? 150 : 40 },
  );
});
