// Fitted objects: what accessors give and how they refuse.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  type Fitted,
  fittedOf,
  memoryFile,
  PyDict,
  PyGlobal,
  PyList,
  PyObject,
  type PyTuple,
  type PyValue,
  pickle,
  readPickle,
} from "../../../src/formats/index.ts";

const bytes = readFileSync("fixtures/pickle/numpy2-pipeline.pkl");
const pipeline = fittedOf(readPickle(bytes, "model.pkl").value, "model.pkl");
const forest = pipeline.at((pipeline.items("steps")[1] as PyTuple).items[1]!, "steps[1][1]");

test("a pipeline is looked into by attribute, and says where it is", () => {
  expect(pipeline.className).toBe("sklearn.pipeline.Pipeline");
  expect(forest.where).toBe("model.pkl: Pipeline.steps[1][1] (scikit-learn 1.5.2)");
  expect(forest.array("classes_").strings()).toEqual(["no", "yes"]);
  expect(forest.number("max_depth")).toBe(2);
  expect(forest.boolean("bootstrap")).toBe(true);
  expect(forest.optionalString("class_weight")).toBeNull();
  const [first] = forest.children("estimators_");
  const tree = first!.child("tree_");
  expect(tree.version).toBe("1.5.2");
  const nodes = tree.array("nodes");
  expect(nodes.length).toBe(tree.number("node_count"));
  expect(nodes.field("left_child").integers()[0]).toBe(1);
});

/** An object of one attribute. */
function holding(value: PyValue): Fitted {
  const object = new PyObject(new PyGlobal("a", "B"), []);
  const state = new PyDict();
  state.entries.push(["coef_", value]);
  object.state = state;
  return fittedOf(object, "x.pkl");
}

const refusals: [name: string, read: () => unknown, message: RegExp][] = [
  ["an absent attribute", () => holding(1).number("coef"), /x\.pkl: B: B has no `coef`, only `coef_`/],
  ["None", () => holding(null).string("coef_"), /it is None/],
  ["text for a number", () => holding("a").number("coef_"), /`coef_` is "a", not a number/],
  ["a ragged list", () => holding(listOf(listOf(1), listOf())).array("coef_"), /not an array/],
  ["a number for an object", () => holding(1).child("coef_"), /not an object/],
  ["text for floats", () => holding(listOf("a")).floats("coef_"), /`coef_`: .*does not hold numbers/],
];
test.each(refusals)("%s is refused", (_name, read, message) => {
  expect(read).toThrow(message);
});

function listOf(...items: PyValue[]): PyList {
  const list = new PyList();
  list.items.push(...items);
  return list;
}

test("lists of numbers are arrays", () => {
  expect([...holding(listOf(listOf(1, 2), listOf(3, 4))).floats("coef_")]).toEqual([1, 2, 3, 4]);
  expect(holding(listOf(listOf(1, 2))).array("coef_").shape).toEqual([1, 2]);
});

test("a pickled pipeline is described", async () => {
  const description = pickle.describe(await pickle.read(memoryFile(bytes, "model.pkl")));
  expect(description).toMatchObject({
    format: "pickle",
    producer: { name: "scikit-learn", version: "1.5.2" },
    task: "binary classification",
    summary:
      "Pipeline → ColumnTransformer(num: SimpleImputer → StandardScaler | cat: OneHotEncoder) → RandomForestClassifier",
    inputs: [
      { name: "age", type: "float" },
      { name: "pay", type: "float" },
      { name: "city", type: "string", categories: ["Bonn", "Rome"] },
    ],
    outputs: [
      { name: "label", type: "string", classes: ["no", "yes"] },
      { name: "probabilities", shape: [2] },
    ],
  });
});
