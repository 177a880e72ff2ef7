// Node records as releases and machines have written them, read by field name; and trees that are none.
import { expect, test } from "vitest";
import { forestClassifier } from "../../../src/convert/sklearn/forest.ts";
import { preciseLog } from "../../../src/convert/sklearn/gradient_boosting_log.ts";
import { treeClassifier } from "../../../src/convert/sklearn/tree.ts";
import { pairwiseSum } from "../../../src/convert/sklearn/tree_classes.ts";
import { readTreeNodes } from "../../../src/convert/sklearn/tree_nodes.ts";
import {
  fittedOf,
  NdArray,
  type NumpyDtype,
  PyDict,
  PyGlobal,
  PyList,
  PyObject,
  type PyValue,
} from "../../../src/formats/index.ts";

type Row = Record<string, number>;
type Field = readonly [name: string, kind: NumpyDtype["kind"], size: number];

const integers = (size: number): Field[] => [
  ["left_child", "i", size],
  ["right_child", "i", size],
  ["feature", "i", size],
  ["threshold", "f", 8],
  ["impurity", "f", 8],
  ["n_node_samples", "i", size],
  ["weighted_n_node_samples", "f", 8],
];
const missing: Field = ["missing_go_to_left", "u", 1];

/** x[1] <= 0.5 ? (x[0] <= 0.1 ? leaf : leaf) : leaf */
const stump: Row[] = [
  { left_child: 1, right_child: 4, feature: 1, threshold: 0.5, n_node_samples: 9, missing_go_to_left: 1 },
  { left_child: 2, right_child: 3, feature: 0, threshold: 0.1, n_node_samples: 6, missing_go_to_left: 0 },
  { left_child: -1, right_child: -1, feature: -2, threshold: -2, n_node_samples: 4 },
  { left_child: -1, right_child: -1, feature: -2, threshold: -2, n_node_samples: 2 },
  { left_child: -1, right_child: -1, feature: -2, threshold: -2, n_node_samples: 3 },
];
const counts = [4, 5, 4, 2, 3, 1, 1, 1, 0, 3];

function records(rows: readonly Row[], fields: readonly Field[], littleEndian = true, padding = 0): NdArray {
  let size = padding;
  const placed = fields.map(([name, kind, width]) => {
    const field = { name, dtype: { kind, size: width, littleEndian }, offset: size };
    size += width;
    return field;
  });
  const bytes = new Uint8Array(rows.length * size);
  const view = new DataView(bytes.buffer);
  rows.forEach((row, i) => {
    for (const { name, dtype, offset } of placed) {
      const at = i * size + offset;
      const value = row[name] ?? 0;
      if (dtype.kind === "f") view.setFloat64(at, value, littleEndian);
      else if (dtype.size === 8) view.setBigInt64(at, BigInt(value), littleEndian);
      else if (dtype.size === 4) view.setInt32(at, value, littleEndian);
      else view.setUint8(at, value);
    }
  });
  return new NdArray({ kind: "V", size, littleEndian, fields: placed }, [rows.length], false, bytes);
}

function floats(values: readonly number[], shape: readonly number[]): NdArray {
  const dtype: NumpyDtype = { kind: "f", size: 8, littleEndian: true };
  return new NdArray(dtype, shape, false, new Uint8Array(Float64Array.from(values).buffer));
}

function object(path: string, state: Record<string, PyValue>, args: PyValue[] = []): PyObject {
  const at = path.lastIndexOf(".");
  const made = new PyObject(new PyGlobal(path.slice(0, at), path.slice(at + 1)), args);
  const attributes = new PyDict();
  attributes.entries.push(...Object.entries(state));
  made.state = attributes;
  return made;
}

function treeObject(
  path: string,
  version: string | null,
  nodes: NdArray,
  values = floats(counts, [5, 1, 2]),
): PyObject {
  const inner = object("sklearn.tree._tree.Tree", { max_depth: 2, node_count: 5, nodes, values }, [
    2,
    floats([2], [1]),
    1,
  ]);
  return object(path, {
    tree_: inner,
    classes_: floats([0, 1], [2]),
    n_outputs_: 1,
    ...(version ? { _sklearn_version: version } : {}),
  });
}

const classPath = "sklearn.tree._classes.DecisionTreeClassifier";
const never = () => {
  throw new Error("nothing is nested");
};
const table = {
  rows: 4,
  columns: [Float64Array.of(0, 1, 1, Number.NaN), Float64Array.of(0, 0, 1, Number.NaN)],
};

const shapes: [name: string, path: string, version: string, nodes: NdArray][] = [
  ["56 bytes", classPath, "1.2.2", records(stump, integers(8))],
  ["56 bytes of 32-bit Windows, padded", classPath, "1.0.2", records(stump, integers(4), true, 4)],
  ["32-bit integers", "sklearn.tree.tree.DecisionTreeClassifier", "0.20.4", records(stump, integers(4))],
  ["64 bytes", classPath, "1.3.2", records(stump, [...integers(8), missing], true, 7)],
  ["big-endian", classPath, "1.3.0", records(stump, [...integers(8), missing], false)],
  ["fields in another order", classPath, "1.3.0", records(stump, [missing, ...integers(8).toReversed()])],
  ["fields of a later release", classPath, "1.3.0", records(stump, [...integers(8), missing, ["more", "f", 8]])],
];
test.each(shapes)("%s", (_name, path, version, nodes) => {
  const self = fittedOf(treeObject(path, version, nodes), "model.pkl");
  const [answer] = treeClassifier.read(self, never).classify!.evaluate(table);
  const hasMissing = nodes.dtype.fields!.some(({ name }) => name === "missing_go_to_left");
  // Counts were divided by their sum up to 1.3. NaN goes left, then right; before there was a side for it, always right.
  expect(Array.from(answer!.probabilities!.data)).toEqual([
    0.75,
    0.25,
    0.5,
    0.5,
    0,
    1,
    ...(hasMissing ? [0.5, 0.5] : [0, 1]),
  ]);
});

test.each([
  ["1.3.2", [0.75, 0.25]],
  ["1.4.0", [3, 1]],
  [null, [0.75, 0.25]],
])("what leaves of %s hold", (version, expected) => {
  const self = fittedOf(treeObject(classPath, version, records(stump, integers(8))), "model.pkl");
  const [answer] = treeClassifier.read(self, never).classify!.evaluate({ rows: 1, columns: table.columns });
  expect(Array.from(answer!.probabilities!.data)).toEqual(expected);
});

const change = (row: number, values: Row) => stump.map((own, i) => (i === row ? { ...own, ...values } : own));
const broken: [name: string, nodes: NdArray, message: RegExp][] = [
  ["a child that is not there", records(change(1, { right_child: 5 }), integers(8)), /node 1 leads nowhere/],
  ["a circle", records(change(1, { left_child: 0 }), integers(8)), /node 1 leads nowhere/],
  ["a node that is its own child", records(change(1, { left_child: 1 }), integers(8)), /node 1 leads nowhere/],
  ["half a leaf", records(change(2, { left_child: 3 }), integers(8)), /node 2 leads nowhere/],
  ["a feature that is not there", records(change(0, { feature: 2 }), integers(8)), /node 0 leads nowhere/],
  [
    "no thresholds",
    records(
      stump,
      integers(8).filter(([name]) => name !== "threshold"),
    ),
    /field `threshold`/,
  ],
  ["text for children", records(stump, [["left_child", "S", 8], ...integers(8).slice(1)]), /field `left_child`/],
  ["more nodes than values", records([...stump, stump[4]!], integers(8)), /nodes \[6\] and values \[5,1,2\]/],
  ["no nodes", records([], integers(8)), /nodes \[0\]/],
];
test.each(broken)("%s", (_name, nodes, message) => {
  const self = fittedOf(treeObject(classPath, "1.2.2", nodes), "model.pkl");
  expect(() => readTreeNodes(self)).toThrow(message);
});

test("a forest of trees of different shapes", () => {
  const trees = new PyList();
  const other = floats([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0], [5, 1, 3]);
  trees.items.push(treeObject(classPath, null, records(stump, integers(8))));
  trees.items.push(treeObject(classPath, null, records(stump, integers(8)), other));
  const path = "sklearn.ensemble._forest.RandomForestClassifier";
  const forest = object(path, { estimators_: trees, classes_: floats([0, 1], [2]), _sklearn_version: "1.2.2" });
  expect(() => forestClassifier.read(fittedOf(forest, "model.pkl"), never)).toThrow(/different shapes/);
});

test("leaves of more classes than the estimator has", () => {
  const made = treeObject(classPath, "1.2.2", records(stump, integers(8)));
  (made.state as PyDict).entries.push(["classes_", floats([0, 1, 2], [3])]);
  expect(() => treeClassifier.read(fittedOf(made, "model.pkl"), never)).toThrow(/3 classes/);
});

test("sums of 8 and more are numpy's pairwise ones", () => {
  const values = Float64Array.from({ length: 300 }, (_, i) => 1 / (i + 3) ** 1.5);
  let plain = 0;
  for (const value of values) plain += value;
  expect(pairwiseSum(values, 0, 300)).not.toBe(plain);
  expect(pairwiseSum(values, 0, 7)).toBe(values.slice(0, 7).reduce((sum, value) => sum + value, 0));
  expect(Math.abs(pairwiseSum(values, 0, 300) - plain)).toBeLessThan(1e-15);
});

test.each([
  [1, 0],
  [2, Math.LN2],
  [0.5, -Math.LN2],
  [10, Math.LN10],
  [Math.E, 1],
  [5e-324, -744.4400719213812],
  [1.7976931348623157e308, 709.782712893384],
  [1 + 2 ** -52, 2 ** -52 - 2 ** -105],
])("the logarithm of %s", (x, expected) => {
  expect(preciseLog(x)).toBe(expected);
});
