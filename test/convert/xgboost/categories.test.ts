// Categories that a file or a project names: what is sent, what it becomes, and what cannot be told apart.
import { expect, test } from "vitest";
import type { ConvertOptions } from "../../../src/convert/index.ts";
import { convertXgboost } from "../../../src/convert/xgboost/index.ts";
import { readXgboostJson, readXgboostUbj, xgboostJson } from "../../../src/formats/index.ts";
import { type Tensor, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor, type RuntimeName } from "../../../src/runtime/index.ts";
import { asJson, asUbj, document, firstTree, type Node, replaceTrees } from "../../formats/xgboost/document.ts";

type Document = ReturnType<typeof document>;
const runtimes: readonly RuntimeName[] = ["native", "wasm", "micro"];

/** Column b is a category, its set goes right (2 + 0.75 with the base score and the leaf), the others left. */
function onB(set: readonly number[], change: (m: Document) => void = () => {}, missingLeft = true) {
  const made = document((m) => {
    m.learner.feature_types = ["float", "c"];
    Object.assign(firstTree(m), {
      split_type: [1, 0, 0],
      default_left: [missingLeft ? 1 : 0, 0, 0],
      categories: [...set],
      categories_nodes: [0],
      categories_segments: [0],
      categories_sizes: [set.length],
    });
    change(m);
  });
  return readXgboostJson(asJson(made), "model.json");
}

const named = (values: readonly number[]) => (m: Document) => {
  (m.learner.gradient_booster["model"] as Record<string, Node>)["cats"] = {
    enc: [{ values: [] }, { values: [...values] }],
  };
};

async function sides(
  model: ReturnType<typeof onB>,
  b: readonly (number | string)[],
  runtime: RuntimeName,
  options: ConvertOptions = {},
): Promise<string[]> {
  const { model: graph, schema } = convertXgboost(model, options);
  const predictor = await openPredictor({ bytes: writeModel(graph) }, schema, { runtime });
  const dims = [b.length, 1];
  const column: Tensor =
    schema.inputs[1]!.dtype === "string"
      ? { dtype: "string", dims, data: b.map(String) }
      : schema.inputs[1]!.dtype === "float64"
        ? { dtype: "float64", dims, data: Float64Array.from(b as number[]) }
        : { dtype: "float32", dims, data: Float32Array.from(b as number[]) };
  const [a, second] = schema.inputs.map(({ name }) => name) as [string, string];
  const feeds = { [a]: { dtype: "float32", dims, data: new Float32Array(b.length) } as Tensor, [second]: column };
  const { prediction } = await predictor.run(feeds);
  await predictor.close();
  return [...(prediction!.data as Float32Array)].map((value) => (value === 2.75 ? "right" : "left"));
}

test.each(runtimes)("integers that float32 cannot tell apart stay two categories on %s", async (runtime) => {
  const model = onB([1], named([16777216, 16777217]));
  expect(convertXgboost(model).schema.inputs[1]).toMatchObject({ type: "int", dtype: "float64" });
  expect(await sides(model, [16777216, 16777217, 16777218], runtime)).toEqual(["left", "right", "left"]);
});

test.each(runtimes)("fractions are categories of their own on %s", async (runtime) => {
  const model = onB([0], named([0.1, 0.5]));
  expect(convertXgboost(model).schema.inputs[1]).toMatchObject({ type: "float", dtype: "float64" });
  expect(await sides(model, [0.1, 0.5, Math.fround(0.1)], runtime)).toEqual(["right", "left", "left"]);
});

test.each(runtimes)("a value that stands for a missing one is no category on %s", async (runtime) => {
  const model = onB([0], named([16777217, 7]), false);
  expect(await sides(model, [16777217, 7, -999, Number.NaN], runtime, { missing: -999 })).toEqual([
    "right",
    "left",
    "right",
    "right",
  ]);
});

test.each(runtimes)("two hundred thousand categories in a set on %s", async (runtime) => {
  const even = Array.from({ length: 200_000 }, (_, i) => 2 * i);
  const values = [0, 1, 2, 399_998, 399_999, 400_000, Number.NaN, -1];
  expect(
    await sides(
      onB(even, () => {}, false),
      values,
      runtime,
    ),
  ).toEqual(["right", "left", "right", "right", "left", "left", "right", "left"]);
});

test("a project names the categories of a column of codes", async () => {
  const inputs = [{ name: "a" }, { name: "b", categories: ["red", "green"] }];
  expect(await sides(onB([1]), ["red", "green", "blue"], "native", { inputs })).toEqual(["left", "right", "left"]);
});

test("an empty list of categories names none", () => {
  const inputs = [{ name: "a", categories: [] }, { name: "b" }];
  expect(convertXgboost(onB([1]), { inputs }).schema.inputs[0]).toMatchObject({ type: "float", dtype: "float32" });
});

/** Bytes as XGBoost 3.2 writes them for b, é and BOM-c: cut to the number of characters. */
const torn = (version: number[]) => (m: Document) => {
  m.version = version;
  (m.learner.gradient_booster["model"] as Record<string, Node>)["cats"] = {
    enc: [
      { offsets: [], values: [] },
      { offsets: [0, 1, 2, 4], values: [98, -61, -87, -17] },
    ],
  };
};
const whole = (m: Document) => {
  torn([3, 4, 1])(m);
  (m.learner.gradient_booster["model"] as Record<string, Node>)["cats"] = {
    enc: [
      { offsets: [], values: [] },
      { offsets: [0, 1, 3, 7], values: [98, -61, -87, -17, -69, -65, 99] },
    ],
  };
};

test.each(runtimes)("names beyond ASCII are the file's own where it has them whole on %s", async (runtime) => {
  const model = onB([1, 2], whole);
  expect(convertXgboost(model).schema.inputs[1]!.categories).toEqual(["b", "é", "\ufeffc"]);
  expect(await sides(model, ["b", "é", "\ufeffc", "c"], runtime)).toEqual(["left", "right", "right", "left"]);
});

test("names that the file has torn come from the project", async () => {
  for (const version of [
    [3, 1, 0],
    [3, 3, 0],
  ]) {
    const model = onB([1], torn(version));
    expect(() => convertXgboost(model)).toThrow(
      /has torn the names of the categories of "b": XGBoost before 3\.4 cuts/,
    );
    expect(JSON.stringify(xgboostJson.describe(model).facts)).toMatch(/torn the names/);
    const named = (categories: (string | number)[]) => ({ inputs: [{ name: "a" }, { name: "b", categories }] });
    expect(() => convertXgboost(model, named(["b", "é"]))).toThrow(/2 categories are named, the model has 3/);
    expect(() => convertXgboost(model, named([1, 2, 3]))).toThrow(/the model's categories are texts/);
    const given = named(["b", "é", "c"]);
    expect(await sides(model, ["b", "é", "c", "x"], "native", given)).toEqual(["left", "right", "left", "left"]);
  }
});

test("torn names that read like others are not believed", () => {
  // "é1" and "1x", cut: "é" and "11".
  const model = onB([1], (m) => {
    m.version = [3, 2, 0];
    (m.learner.gradient_booster["model"] as Record<string, Node>)["cats"] = {
      enc: [{ values: [] }, { offsets: [0, 2, 4], values: [-61, -87, 49, 49] }],
    };
  });
  expect(() => convertXgboost(model)).toThrow(/torn the names/);
});

const refused: [name: string, change: (m: Document) => void, options: ConvertOptions, message: RegExp][] = [
  [
    "a category twice",
    () => {},
    { inputs: [{ name: "a" }, { name: "b", categories: ["x", "x"] }] },
    /inputs\.b\.categories: a category appears twice/,
  ],
  ["a column without a name", (m) => (m.learner.feature_names = ["a", ""]), {}, /input 1 has no name/],
  [
    "rounds of a linear booster",
    (m) => (m.learner.gradient_booster = { name: "gblinear", model: { weights: [1, 2, 3] } }),
    { rounds: 1 },
    /a linear booster keeps only its last weights/,
  ],
];
test.each(refused)("%s is refused", (_name, change, options, message) => {
  expect(() => convertXgboost(onB([1], change), options)).toThrow(message);
});

test("sets that leaf vectors would repeat beyond memory are refused", () => {
  const targets = 6000;
  const many = document((m) => {
    m.learner.learner_model_param["num_target"] = String(targets);
    const codes = Int32Array.from({ length: 3000 }, (_, i) => i);
    Object.assign(firstTree(m), {
      right_children: [2, 0, 1],
      tree_param: { size_leaf_vector: String(targets) },
      leaf_weights: new Float32Array(2 * targets),
      split_type: [1, 0, 0],
      categories: codes,
      categories_nodes: [0],
      categories_segments: [0],
      categories_sizes: [codes.length],
    });
    replaceTrees(m, [firstTree(m)], [0]);
  });
  const model = readXgboostUbj(asUbj(many as unknown as Node), "model.ubj");
  expect(() => convertXgboost(model)).toThrow(/sets of 3000 categories for each of 6000 targets/);
});

test("a model of very many features without names weighs its features, not more", () => {
  const model = onB([1], (m) => {
    m.learner.feature_names = [];
    m.learner.feature_types = [];
    m.learner.learner_model_param["num_feature"] = String(2 ** 20);
  });
  expect(writeModel(convertXgboost(model).model).length).toBeLessThan(6 * 2 ** 20);
});

test("multi:softmax takes its label from the margins, where probabilities round to the same number", async () => {
  const model = onB([1], (m) => {
    const tree = firstTree(m);
    const leaf = (value: number) => ({
      ...tree,
      left_children: [-1],
      right_children: [-1],
      split_indices: [0],
      split_conditions: [value],
      default_left: [0],
      split_type: [0],
      categories: [],
      categories_nodes: [],
      categories_segments: [],
      categories_sizes: [],
      tree_param: { num_nodes: "1" },
    });
    m.learner.objective["name"] = "multi:softmax";
    Object.assign(m.learner.learner_model_param, { num_class: "2", base_score: "0" });
    // One unit in the last place apart.
    Object.assign(m.learner.gradient_booster["model"] as Record<string, Node>, {
      trees: [leaf(2 ** -24), leaf(2 ** -24 + 2 ** -47)],
      tree_info: [0, 1],
    });
  });
  for (const runtime of runtimes) {
    const { model: graph, schema } = convertXgboost(model);
    const predictor = await openPredictor({ bytes: writeModel(graph) }, schema, { runtime });
    const column = { dtype: "float32", dims: [1, 1], data: new Float32Array(1) } as const;
    const { label } = await predictor.run({ a: column, b: column });
    await predictor.close();
    expect([...label!.data].map(Number), runtime).toEqual([1]);
  }
});
