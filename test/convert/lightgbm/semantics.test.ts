// Random forests with every kind of split, against LightGBM's decision rules written out (tree.h, NumericalDecision and
// CategoricalDecision; c_api.cpp drops what is within 1e-35 of zero). Reaches combinations that training rarely makes.
import fc from "fast-check";
import { expect, test } from "vitest";
import { convertLightgbm } from "../../../src/convert/lightgbm/index.ts";
import { type LightgbmModel, readLightgbm } from "../../../src/formats/index.ts";
import { writeModel } from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";
import { modelText, type TreeParts } from "../../formats/lightgbm/text.ts";

const zero = Math.fround(1e-35);
const features = 4;
const thresholds = [
  0,
  -0,
  zero,
  -zero,
  1e-35,
  -1e-35,
  1e-36,
  -1e-36,
  5e-324,
  -5e-324,
  1,
  -1,
  0.5,
  2.5,
  -2.5,
  1e300,
  -1e300,
];
const values = [
  ...thresholds,
  Number.NaN,
  Infinity,
  -Infinity,
  3,
  31,
  32,
  33,
  63,
  64,
  40.75,
  -0.5,
  -3,
  2 ** 31,
  2 ** 32 + 3,
  2e-35,
  -2e-35,
];

function numericDecision(value: number, type: number, threshold: number): boolean {
  const missing = type >> 2;
  let x = Number.isNaN(value) && missing !== 2 ? 0 : value;
  if (Math.abs(x) <= zero) x = 0;
  if ((missing === 1 && x === 0) || (missing === 2 && Number.isNaN(x))) return (type & 2) !== 0;
  return x <= threshold;
}

function categoricalDecision(value: number, words: Uint32Array): boolean {
  if (!(value > -1 && value < 2 ** 31)) return false;
  const code = Math.trunc(value);
  return code >> 5 < words.length && ((words[code >> 5]! >>> (code & 31)) & 1) === 1;
}

function leafOf({ forest }: LightgbmModel, tree: number, row: readonly number[]): number {
  const base = forest.nodeStart[tree]!;
  let node = base < forest.nodeStart[tree + 1]! ? 0 : -1;
  while (node >= 0) {
    const at = base + node;
    const type = forest.decisionType[at]!;
    const value = row[forest.feature[at]!]!;
    const sets = forest.categories[tree];
    const set = forest.threshold[at]!;
    const goesLeft =
      type & 1
        ? categoricalDecision(value, sets!.words.subarray(sets!.boundaries[set], sets!.boundaries[set + 1]))
        : numericDecision(value, type, set);
    node = goesLeft ? forest.left[at]! : forest.right[at]!;
  }
  return ~node;
}

function scoreOf(model: LightgbmModel, row: readonly number[]): number {
  const { forest } = model;
  let sum = 0;
  for (let tree = 0; tree < forest.nodeStart.length - 1; tree++) {
    const leaf = leafOf(model, tree, row);
    const value = forest.leafValue[forest.leafStart[tree]! + leaf]!;
    const linear = forest.linear[tree];
    if (!linear) {
      sum += value;
      continue;
    }
    let output = linear.constant[leaf]!;
    for (let j = linear.start[leaf]!; j < linear.start[leaf + 1]!; j++) {
      const x = row[linear.features[j]!]!;
      output = Number.isNaN(x) ? Number.NaN : output + linear.coefficients[j]! * (Math.abs(x) <= zero ? 0 : x);
      if (Number.isNaN(x)) {
        output = value;
        break;
      }
    }
    sum += output;
  }
  return sum;
}

const split = fc.record({
  feature: fc.nat({ max: features - 1 }),
  isCategorical: fc.boolean(),
  type: fc.constantFrom(0, 2, 4, 6, 8, 10),
  threshold: fc.constantFrom(...thresholds),
  words: fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1, maxLength: 3 }),
  grows: fc.nat({ max: 100 }),
});

const term = fc.tuple(fc.nat({ max: features - 1 }), fc.double({ min: -2, max: 2, noNaN: true }));
const leaf = fc.record({
  value: fc.double({ min: -1, max: 1, noNaN: true }),
  constant: fc.double({ min: -1, max: 1, noNaN: true }),
  terms: fc.array(term, { maxLength: 3 }),
});

/** A tree grown like LightGBM's: each split replaces one leaf by a node. */
const randomTree = fc
  .record({
    splits: fc.array(split, { maxLength: 12 }),
    leaves: fc.array(leaf, { minLength: 13, maxLength: 13 }),
    isLinear: fc.boolean(),
  })
  .map(({ splits, leaves, isLinear }): TreeParts => {
    const left: number[] = [];
    const right: number[] = [];
    splits.forEach(({ grows }, node) => {
      if (node > 0) {
        const old = ~(grows % (node + 1));
        const inLeft = left.indexOf(old);
        if (inLeft >= 0) left[inLeft] = node;
        else right[right.indexOf(old)] = node;
        left.push(old);
      } else left.push(-1);
      right.push(~(node + 1));
    });
    const used = leaves.slice(0, splits.length + 1);
    const sets = splits.filter((each) => each.isCategorical);
    let boundary = 0;
    let set = 0;
    return {
      num_leaves: used.length,
      num_cat: sets.length,
      split_feature: splits.map((each) => each.feature).join(" "),
      threshold: splits.map((each) => (each.isCategorical ? set++ : each.threshold)).join(" "),
      decision_type: splits.map((each) => (each.isCategorical ? (each.type & 12) | 1 : each.type)).join(" "),
      left_child: left.join(" "),
      right_child: right.join(" "),
      leaf_value: used.map((each) => each.value).join(" "),
      cat_boundaries: sets.length === 0 ? null : [0, ...sets.map((each) => (boundary += each.words.length))].join(" "),
      cat_threshold: sets.length === 0 ? null : sets.flatMap((each) => each.words).join(" "),
      is_linear: isLinear ? 1 : 0,
      leaf_const: isLinear ? used.map((each) => each.constant).join(" ") : null,
      num_features: isLinear ? used.map((each) => each.terms.length).join(" ") : null,
      leaf_features: isLinear ? used.flatMap((each) => each.terms.map(([feature]) => feature)).join(" ") : null,
      leaf_coeff: isLinear ? used.flatMap((each) => each.terms.map(([, coefficient]) => coefficient)).join(" ") : null,
    };
  });

const header = {
  objective: null,
  max_feature_idx: String(features - 1),
  feature_names: "Column_0 Column_1 Column_2 Column_3",
  feature_infos: "none none none none",
};

const rows = fc.array(fc.array(fc.constantFrom(...values), { minLength: features, maxLength: features }), {
  minLength: 40,
  maxLength: 40,
});

test.each(["native", "wasm", "micro"] as const)("random forests decide like LightGBM on %s", async (runtime) => {
  await fc.assert(
    fc.asyncProperty(fc.array(randomTree, { minLength: 1, maxLength: 6 }), rows, async (trees, table) => {
      const model = readLightgbm(new TextEncoder().encode(modelText(header, trees)), "random");
      const { model: graph, schema } = convertLightgbm(model);
      const predictor = await openPredictor({ bytes: writeModel(graph) }, schema, { runtime });
      try {
        const data = Float64Array.from(table.flat());
        const { prediction } = await predictor.run({
          features: { dtype: "float64", dims: [table.length, features], data },
        });
        expect([...(prediction!.data as Float64Array)]).toEqual(table.map((row) => scoreOf(model, row)));
      } finally {
        await predictor.close();
      }
    }),
    { numRuns: runtime === "native" ? 150 : 40 },
  );
});
