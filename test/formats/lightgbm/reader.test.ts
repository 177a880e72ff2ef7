// What the LightGBM reader makes of files that are whole, old, edited or damaged.
import fc from "fast-check";
import { expect, test } from "vitest";
import { IngotError } from "../../../src/core/index.ts";
import { describeFile, lightgbm, readLightgbm } from "../../../src/formats/index.ts";
import { modelText, type TreeParts, treeText } from "./text.ts";

const read = (text: string) => readLightgbm(new TextEncoder().encode(text), "model.txt");

const tree: TreeParts = {
  num_leaves: 3,
  num_cat: 0,
  split_feature: "0 1",
  threshold: "0.5 1.0000000180025095e-35",
  decision_type: "2 8",
  left_child: "1 -1",
  right_child: "-3 -2",
  leaf_value: "0.10000000000000001 -2.5e-05 3",
};
const categorical: TreeParts = {
  ...tree,
  num_cat: 1,
  threshold: "0 0.5",
  decision_type: "1 2",
  cat_boundaries: "0 2",
  cat_threshold: "5 2147483649",
};
const linear: TreeParts = {
  ...tree,
  is_linear: 1,
  leaf_const: "1 2 3",
  num_features: "2 0 1",
  leaf_features: "0 1   1 ",
  leaf_coeff: "0.5 0.25   -1 ",
};

test("columns of a small forest", () => {
  const { forest, objective, featureNames, domains } = read(modelText({}, [tree, categorical, linear]));
  expect(featureNames).toEqual(["a", "b"]);
  expect(domains).toEqual([
    { kind: "numeric", min: -1, max: 2.5 },
    { kind: "categorical", values: [-1, 3, 0] },
  ]);
  expect(objective).toMatchObject({ name: "binary", sigmoid: 0.7 });
  expect([...forest.nodeStart]).toEqual([0, 2, 4, 6]);
  expect([...forest.leafStart]).toEqual([0, 3, 6, 9]);
  expect([...forest.threshold.subarray(0, 2)]).toEqual([0.5, 1.0000000180025095e-35]);
  expect([...forest.left.subarray(0, 2)]).toEqual([1, -1]);
  expect([...forest.leafValue.subarray(0, 3)]).toEqual([0.1, -2.5e-5, 3]);
  expect(forest.categories[1]).toEqual({ boundaries: Int32Array.of(0, 2), words: Uint32Array.of(5, 2147483649) });
  expect(forest.linear[2]).toEqual({
    constant: Float64Array.of(1, 2, 3),
    start: Int32Array.of(0, 2, 2, 3),
    features: Int32Array.of(0, 1, 1),
    coefficients: Float64Array.of(0.5, 0.25, -1),
  });
});

test("a file without tree_sizes, with Windows line ends, reads the same", () => {
  const text = modelText({}, [tree, categorical]);
  const plain = read(text);
  const bare = read(text.replace(/^tree_sizes=.*\n/m, ""));
  const windows = read(text.replace(/^tree_sizes=.*\n/m, "").replaceAll("\n", "\r\n"));
  for (const other of [bare, windows]) {
    expect(other.forest).toEqual(plain.forest);
    expect(other.featureNames).toEqual(plain.featureNames);
    expect(other.pandasCategorical).toEqual(plain.pandasCategorical);
  }
});

test("recognised by content", () => {
  const bytes = new TextEncoder().encode(modelText({}, [tree]));
  expect(lightgbm.detect(bytes, bytes.length)).toBe(true);
  for (const other of ["", "tree", "treesome\nversion=v4", "{}", "version=v4\ntree\n"])
    expect(lightgbm.detect(new TextEncoder().encode(other), other.length), other).toBe(false);
});

test("describes the demo model", async () => {
  const description = await describeFile("demo/delay.txt");
  expect(description).toMatchObject({ format: "lightgbm-text", formatVersion: "v4", task: "binary classification" });
  expect(description.inputs[0]).toEqual({
    name: "origin",
    type: "string",
    shape: [],
    categories: ["EWR", "JFK", "LGA"],
  });
});

const node = (parts: TreeParts) => modelText({}, [tree, { ...tree, ...parts }]);
const header = (lines: Record<string, string | null>) => modelText(lines, [tree]);

const rows: [name: string, text: string, code: string, message: RegExp][] = [
  ["cut in the header", modelText({}, [tree]).slice(0, 120), "FILE_TRUNCATED", /ends before the first tree/],
  [
    "cut in a tree",
    modelText({}, [tree, tree]).replace(/shrinkage=1\s+end of trees[\s\S]*/, ""),
    "FILE_TRUNCATED",
    /tree 1: its \d+ bytes go beyond/,
  ],
  [
    "cut behind the trees",
    modelText({}, [tree]).replace(/end of trees[\s\S]*/, ""),
    "FILE_TRUNCATED",
    /ends before `end of trees`/,
  ],
  ["no trees", modelText({}, []), "MODEL_INVALID", /has no trees/],
  [
    "unknown version",
    header({ version: "v9" }),
    "MODEL_INVALID",
    /version: format version "v9" is not known, only v2, v3, v4/,
  ],
  ["no num_class", header({ num_class: null }), "MODEL_INVALID", /has no line `num_class=`/],
  ["not a count", header({ num_class: "1e3" }), "MODEL_INVALID", /num_class: "1e3" is not a count/],
  [
    "names missing",
    header({ feature_names: "a" }),
    "MODEL_INVALID",
    /feature_names: 1 names where max_feature_idx says 2/,
  ],
  [
    "infos missing",
    header({ feature_infos: "none" }),
    "MODEL_INVALID",
    /feature_infos: 1 entries where max_feature_idx says 2/,
  ],
  [
    "too many features",
    header({ max_feature_idx: "99999999" }),
    "MODEL_UNSUPPORTED",
    /100000000 features, at most 4194304/,
  ],
  ["bad info", header({ feature_infos: "none x" }), "MODEL_INVALID", /feature_infos of "b": "x" is neither a range/],
  ["unknown objective", header({ objective: "poison" }), "MODEL_UNSUPPORTED", /objective "poison" is not known/],
  ["no sigmoid", header({ objective: "binary" }), "MODEL_INVALID", /objective "binary" has no sigmoid above zero/],
  ["negative sigmoid", header({ objective: "binary sigmoid:-1" }), "MODEL_INVALID", /no sigmoid above zero/],
  [
    "classes contradict",
    header({ objective: "multiclass num_class:3" }),
    "MODEL_INVALID",
    /has 3 outputs, num_tree_per_iteration says 1/,
  ],
  [
    "uneven iterations",
    modelText({ objective: "multiclass num_class:2", num_class: "2", num_tree_per_iteration: "2" }, [tree]),
    "MODEL_INVALID",
    /1 trees do not fill iterations of 2/,
  ],
  [
    "sizes shifted",
    modelText({ tree_sizes: "100 100" }, [tree, tree]),
    "MODEL_INVALID",
    /tree 1: no tree where tree_sizes says/,
  ],
  ["size not a number", header({ tree_sizes: "-5" }), "MODEL_INVALID", /tree_sizes: -5 is not a size/],
  [
    "trees that sizes leave out",
    modelText({}, [tree, tree]).replace(/^(tree_sizes=\d+) \d+$/m, "$1"),
    "MODEL_INVALID",
    /more trees than the 1 of tree_sizes/,
  ],
  ["no leaves", node({ num_leaves: 0 }), "MODEL_INVALID", /tree 1, num_leaves: 0 is not between 1 and/],
  [
    "leaves beyond the block",
    node({ num_leaves: 1_000_000_000 }),
    "MODEL_INVALID",
    /tree 1, num_leaves: 1000000000 is not between/,
  ],
  [
    "leaves beyond int32",
    node({ num_leaves: 99_999_999_999 }),
    "MODEL_INVALID",
    /tree 1, num_leaves: "99999999999" is not a number that belongs here/,
  ],
  ["too few values", node({ leaf_value: "1 2" }), "MODEL_INVALID", /tree 1, leaf_value: 2 values where 3 are expected/],
  [
    "too many values",
    node({ leaf_value: "1 2 3 4" }),
    "MODEL_INVALID",
    /tree 1, leaf_value: more than the 3 values expected/,
  ],
  [
    "a word for a number",
    node({ leaf_value: "1 two 3" }),
    "MODEL_INVALID",
    /tree 1, leaf_value: "two" is not a number/,
  ],
  ["a number with a tail", node({ leaf_value: "1 2x 3" }), "MODEL_INVALID", /tree 1, leaf_value: "2x" is not a number/],
  [
    "a fraction for a feature",
    node({ split_feature: "0 0.5" }),
    "MODEL_INVALID",
    /tree 1, split_feature: "0.5" is not a number that belongs here/,
  ],
  [
    "feature out of range",
    node({ split_feature: "0 2" }),
    "MODEL_INVALID",
    /tree 1, split_feature: node 1: feature 2 of 2/,
  ],
  [
    "negative feature",
    node({ split_feature: "0 -1" }),
    "MODEL_INVALID",
    /tree 1, split_feature: node 1: feature -1 of 2/,
  ],
  ["NaN threshold", node({ threshold: "0.5 nan" }), "MODEL_INVALID", /tree 1, threshold: node 1: is not a number/],
  [
    "unknown decision",
    node({ decision_type: "2 14" }),
    "MODEL_INVALID",
    /tree 1, decision_type: node 1: 14 is not a kind of split/,
  ],
  [
    "decision beyond a byte",
    node({ decision_type: "2 258" }),
    "MODEL_INVALID",
    /tree 1, decision_type: "258" is not a number that belongs here/,
  ],
  ["cycle", node({ left_child: "1 0" }), "MODEL_INVALID", /tree 1, left_child: node 1: child 0 has two parents/],
  [
    "leaf used twice",
    node({ right_child: "-3 -3" }),
    "MODEL_INVALID",
    /tree 1, right_child: node 1: child -3 has two parents/,
  ],
  [
    "child out of range",
    node({ left_child: "7 -1" }),
    "MODEL_INVALID",
    /tree 1, left_child: node 0: there is no child 7/,
  ],
  [
    "unreached nodes",
    node({ left_child: "-1 1", right_child: "-2 -3" }),
    "MODEL_INVALID",
    /tree 1, left_child: 1 nodes are not reached/,
  ],
  ["no children", node({ left_child: null }), "MODEL_INVALID", /tree 1: has no line `left_child=`/],
  [
    "line without a field",
    modelText({}, [tree]).replace("num_cat=0", "num_cat 0"),
    "MODEL_INVALID",
    /tree 0: line 2 is not `field=values`/,
  ],
  [
    "category set out of range",
    modelText({}, [{ ...categorical, threshold: "1 0.5" }]),
    "MODEL_INVALID",
    /tree 0, threshold: node 0: category set 1 of 1/,
  ],
  [
    "category split without sets",
    node({ decision_type: "2 1" }),
    "MODEL_INVALID",
    /tree 1, threshold: node 1: category set 1.0000000180025095e-35 of 0/,
  ],
  [
    "boundaries fall",
    modelText({}, [{ ...categorical, cat_boundaries: "0 -2" }]),
    "MODEL_INVALID",
    /tree 0, cat_boundaries: value 1 is -2/,
  ],
  [
    "boundaries beyond the words",
    modelText({}, [{ ...categorical, cat_boundaries: "0 999999999" }]),
    "MODEL_INVALID",
    /tree 0, cat_threshold: has fewer than 999999999 values/,
  ],
  [
    "more sets than boundaries",
    modelText({}, [{ ...categorical, num_cat: 99_999 }]),
    "MODEL_INVALID",
    /tree 0, cat_boundaries: has fewer than 100000 values/,
  ],
  [
    "linear feature out of range",
    modelText({}, [{ ...linear, leaf_features: "0 1   7 " }]),
    "MODEL_INVALID",
    /tree 0, leaf_features: feature 7 of 2/,
  ],
  [
    "linear counts",
    modelText({}, [{ ...linear, num_features: "2 0 -1" }]),
    "MODEL_INVALID",
    /tree 0, num_features: leaf 2 has -1 features/,
  ],
  [
    "linear coefficients missing",
    modelText({}, [{ ...linear, leaf_coeff: "0.5" }]),
    "MODEL_INVALID",
    /tree 0, leaf_coeff: 1 values where 3 are expected/,
  ],
  ["too deep", modelText({}, [chain(3000)]), "MODEL_UNSUPPORTED", /tree 0: is more than 2048 levels deep/],
  ["categories not JSON", modelText({ pandas: "[['a']]" }, [tree]), "MODEL_INVALID", /pandas_categorical: is not JSON/],
  [
    "categories not lists",
    modelText({ pandas: "[1]" }, [tree]),
    "MODEL_INVALID",
    /pandas_categorical, list 0: is not a list/,
  ],
  ["categories twice", modelText({ pandas: '[["a","a"]]' }, [tree]), "MODEL_INVALID", /list 0: has a category twice/],
  ["categories mixed", modelText({ pandas: '[["a",1]]' }, [tree]), "MODEL_INVALID", /list 0: mixes string and number/],
  [
    "category too large",
    modelText({ pandas: "[[9007199254740993]]" }, [tree]),
    "MODEL_INVALID",
    /too large to be told/,
  ],
];
test.each(rows)("%s", (_name, text, code, message) => {
  let caught: unknown;
  try {
    read(text);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(IngotError);
  expect((caught as IngotError).message).toMatch(message);
  expect((caught as IngotError).code).toBe(code);
});

/** A tree that only ever grows to the left. */
function chain(nodes: number): TreeParts {
  const each = (value: (i: number) => number | string) => Array.from({ length: nodes }, (_, i) => value(i)).join(" ");
  return {
    num_leaves: nodes + 1,
    num_cat: 0,
    split_feature: each(() => 0),
    threshold: each((i) => i),
    decision_type: each(() => 2),
    left_child: each((i) => (i + 1 < nodes ? i + 1 : -(nodes + 1))),
    right_child: each((i) => ~i),
    leaf_value: `${each((i) => i)} 0`,
  };
}

test("cut anywhere, the answer is an error with a code or the same trees", () => {
  const whole = new TextEncoder().encode(modelText({ pandas: '[["x","y"]]' }, [tree, categorical, linear]));
  const { forest } = readLightgbm(whole, "whole");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
      try {
        expect(readLightgbm(whole.subarray(0, length), "cut").forest).toEqual(forest);
      } catch (error) {
        expect(error).toBeInstanceOf(IngotError);
      }
    }),
    { numRuns: 500 },
  );
});

test("any leaf value survives seventeen digits", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 20 }), (values) => {
      const text = values.map((value) => treeText({ num_leaves: 1, num_cat: 0, leaf_value: printed(value) }));
      expect([...read(modelText({}, text)).forest.leafValue]).toEqual(values);
    }),
  );
});

function printed(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : value.toPrecision(17);
}
