import { expect, test } from "vitest";
import { float32, lintModel, lintRules, type Model, storedTensor, strings } from "../../src/onnx/index.ts";
import { infoOf, modelOf, nodeOf } from "./models.ts";

const ml = { domain: "ai.onnx.ml" };
const text = (name: string, value: string) => ({ name, kind: "string" as const, value: Buffer.from(value) });
const io = { inputs: [infoOf("x")], outputs: [infoOf("y")] };
const double = { inputs: [infoOf("x", "float64")], outputs: [infoOf("y", "float64")] };
const external = {
  ...storedTensor("w", float32([1])),
  content: { kind: "external" as const, location: "../w", offset: 0n, length: 4n, extra: [] },
};

const rows: [rule: string, model: Model, message: RegExp][] = [
  [
    "onnx-duplicate-name",
    modelOf({ ...io, nodes: [nodeOf("Neg", ["x"], ["y"]), nodeOf("Abs", ["x"], ["y"])] }),
    /"y" is made twice/,
  ],
  ["onnx-undefined-value", modelOf({ ...io, nodes: [nodeOf("Add", ["x", "z"], ["y"])] }), /reads "z"/],
  [
    "onnx-undefined-value",
    modelOf({ ...io, nodes: [nodeOf("Neg", ["t"], ["y"]), nodeOf("Neg", ["x"], ["t"])] }),
    /reads "t"/,
  ],
  ["onnx-undefined-value", modelOf({ ...io, nodes: [] }), /output "y" is made by no node/],
  [
    "onnx-opset-missing",
    modelOf({ ...io, nodes: [nodeOf("F", ["x"], ["y"], { domain: "com.microsoft" })] }),
    /"com.microsoft" is used/,
  ],
  [
    "onnx-external-path",
    modelOf({ ...io, nodes: [nodeOf("Add", ["x", "w"], ["y"])], initializers: [external] }),
    /leaves its folder/,
  ],
  [
    "onnx-tree-shape",
    modelOf({
      ...io,
      nodes: [
        nodeOf("TreeEnsemble", ["x"], ["y"], {
          ...ml,
          attributes: ["tree_roots", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"].map((name) => ({
            name,
            kind: "ints" as const,
            value: Int32Array.of(0),
          })),
        }),
      ],
    }),
    /node 0 leads back to itself/,
  ],
  [
    "onnx-opset-too-new",
    modelOf({ ...io, nodes: [nodeOf("Neg", ["x"], ["y"])] }, { opsetImports: [{ domain: "", version: 27 }] }),
    /27 is newer/,
  ],
  ["onnx-opset-too-new", modelOf({ ...io, nodes: [nodeOf("Neg", ["x"], ["y"])] }, { irVersion: 14 }), /IR version 14/],
  [
    "onnx-deprecated-trees",
    modelOf(
      { ...io, nodes: [nodeOf("TreeEnsembleRegressor", ["x"], ["y"], ml)] },
      { opsetImports: [{ domain: "ai.onnx.ml", version: 5 }] },
    ),
    /deprecated/,
  ],
  [
    "onnx-tree-post-transform",
    modelOf({
      ...io,
      nodes: [
        nodeOf("TreeEnsembleRegressor", ["x"], ["y"], { ...ml, attributes: [text("post_transform", "LOGISTIC")] }),
      ],
    }),
    /LOGISTIC is skipped/,
  ],
  [
    "onnx-output-not-tensor",
    modelOf({
      ...io,
      nodes: [nodeOf("ZipMap", ["x"], ["y"], ml)],
      outputs: [{ name: "y", type: { kind: "sequence", element: null }, docString: "" }],
    }),
    /"y" is a sequence/,
  ],
  [
    "onnx-string-normalizer",
    modelOf({
      nodes: [nodeOf("StringNormalizer", ["x"], ["y"])],
      inputs: [infoOf("x", "string")],
      outputs: [infoOf("y", "string")],
    }),
    /locale "en_US"/,
  ],
  ["onnx-image-decoder", modelOf({ ...io, nodes: [nodeOf("ImageDecoder", ["x"], ["y"])] }), /no implementation/],
  ["onnx-no-double", modelOf({ ...double, nodes: [nodeOf("Imputer", ["x"], ["y"], ml)] }), /Imputer on float64/],
  [
    "onnx-no-double",
    modelOf({ ...double, nodes: [nodeOf("Neg", ["x"], ["t"]), nodeOf("Erf", ["t"], ["y"])] }),
    /Erf on float64/,
  ],
  ["onnx-narrows-double", modelOf({ ...double, nodes: [nodeOf("Scaler", ["x"], ["y"], ml)] }), /returns float32/],
  [
    "onnx-custom-operator",
    modelOf({ ...io, nodes: [nodeOf("PyOp", ["x"], ["y"], { domain: "acme" })] }),
    /acme:PyOp is a custom operator/,
  ],
  [
    "onnx-runtime-operator",
    modelOf({ ...io, nodes: [nodeOf("Gelu", ["x"], ["y"], { domain: "com.microsoft" })] }),
    /Gelu/,
  ],
  ["onnx-not-webgpu", modelOf({ ...double, nodes: [nodeOf("Neg", ["x"], ["y"])] }), /webgpu: float64/],
  ["onnx-random", modelOf({ ...io, nodes: [nodeOf("RandomNormal", [], ["y"])] }), /draws random numbers/],
];

test.each(rows)("%s", (rule, model, message) => {
  const found = lintModel(model).filter((finding) => finding.rule === rule);
  expect(found.map((finding) => finding.message).join("\n")).toMatch(message);
  for (const finding of found) expect(finding.fix.length).toBeGreaterThan(10);
});

test("every rule has a row", () => {
  const covered = new Set(rows.map(([rule]) => rule));
  expect(lintRules.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
});

test("a plain graph has no findings; initializers may give inputs a default; functions need no domain", () => {
  const plain = modelOf({
    inputs: [infoOf("x"), infoOf("w", "float32", [])],
    outputs: [infoOf("y")],
    nodes: [nodeOf("Add", ["x", "w"], ["y"])],
    initializers: [storedTensor("w", float32([1], []))],
  });
  expect(lintModel(plain)).toEqual([]);
});

test("a thousand findings of one rule are shortened", () => {
  const nodes = Array.from({ length: 1000 }, (_, i) => nodeOf("Neg", [`missing${i}`], [`y${i}`]));
  const findings = lintModel(modelOf({ nodes, initializers: [storedTensor("s", strings(["a"]))] }));
  expect(findings.filter(({ rule }) => rule === "onnx-undefined-value").length).toBe(20);
  expect(findings.map(({ message }) => message).join("\n")).toMatch(/and 980 more like this/);
});
