// Rules on operators: what ONNX Runtime 1.30 cannot run, or runs with a known defect.
import { Attributes } from "../infer/rule.ts";
import type { Node } from "../model.ts";
import { opsetVersion, plainDomain } from "../opset_changes.ts";
import { nodesOf } from "../walk.ts";
import { type Linted, type LintRule, nodeWhere } from "./rule.ts";

/** Newest versions that ONNX Runtime 1.30 accepts. */
const newest: Readonly<Record<string, number>> = { "": 26, "ai.onnx.ml": 5 };
const newestIr = 13;

const trees = ["TreeEnsembleClassifier", "TreeEnsembleRegressor"];
/** No kernel for float64. */
const noDouble = ["Imputer", "Binarizer", "LinearRegressor", "SVMRegressor", "SVMClassifier", "Erf"];
/** float64 goes in, float32 comes out. */
const narrowing = ["Scaler", "Normalizer", "LinearClassifier", ...trees];
const knownDomains = new Set(["", "ai.onnx.ml", "com.microsoft", "ai.onnx.preview.training", "ai.onnx.training"]);
const randomOperators = [
  "RandomNormal",
  "RandomUniform",
  "RandomNormalLike",
  "RandomUniformLike",
  "Multinomial",
  "Bernoulli",
];

function* nodesNamed(linted: Linted, names: readonly string[], matches: (node: Node) => boolean = () => true) {
  for (const node of nodesOf(linted.model))
    if (names.includes(node.opType) && !linted.isLocal(node) && matches(node)) yield node;
}

function isDouble({ facts }: Linted, node: Node): boolean {
  return facts.get(node.inputs[0] ?? "")?.dtype === "float64";
}

function postTransform(node: Node): string {
  const attributes = new Attributes(node);
  const byNumber =
    ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"][attributes.int("post_transform", 0)] ?? "unknown";
  return node.opType === "TreeEnsemble" ? byNumber : attributes.text("post_transform", "NONE");
}

export const operators: readonly LintRule[] = [
  {
    id: "onnx-opset-too-new",
    severity: "error",
    about: "Opset and IR version are ones the runtime knows",
    fix: `export the model with opset ${newest[""]} or older (21 runs in most places)`,
    *check({ model }) {
      for (const [domain, limit] of Object.entries(newest)) {
        const version = opsetVersion(model.opsetImports, domain);
        if (version > limit)
          yield {
            message: `${domain || "ai.onnx"} ${version} is newer than the runtime's ${limit}`,
            where: "opset_import",
          };
      }
      if (model.irVersion > newestIr)
        yield { message: `IR version ${model.irVersion} is newer than the runtime's ${newestIr}`, where: "ir_version" };
    },
  },
  {
    id: "onnx-deprecated-trees",
    severity: "error",
    about: "ai.onnx.ml 5 has TreeEnsemble instead of TreeEnsembleClassifier and TreeEnsembleRegressor",
    fix: "declare ai.onnx.ml 3, or convert the original model file with Ingot, which writes TreeEnsemble",
    *check(linted) {
      if (opsetVersion(linted.model.opsetImports, "ai.onnx.ml") < 5) return;
      for (const node of nodesNamed(linted, trees))
        yield {
          message: `${node.opType} is deprecated in ai.onnx.ml 5; ONNX Runtime refuses it there`,
          where: nodeWhere(node),
        };
    },
  },
  {
    id: "onnx-tree-post-transform",
    severity: "warning",
    about: "Post-transforms of tree ensembles are wrong in several versions of ONNX Runtime",
    fix: "convert the original model file with Ingot, which applies the link function with core operators",
    *check(linted) {
      for (const node of nodesNamed(linted, [...trees, "TreeEnsemble"], (found) => postTransform(found) !== "NONE"))
        yield {
          message: `post_transform ${postTransform(node)} is skipped or rounded in some versions (onnxruntime #27533, #26281, #26596)`,
          where: nodeWhere(node),
        };
    },
  },
  {
    id: "onnx-output-not-tensor",
    severity: "warning",
    about: "JavaScript runtimes cannot return maps and sequences",
    fix: "export without ZipMap (skl2onnx: options={'zipmap': False}); Ingot removes a ZipMap at the end by itself",
    *check({ model }) {
      for (const { name, type } of model.graph.outputs)
        if (type && type.kind !== "tensor")
          yield { message: `output "${name}" is a ${type.kind}`, where: `output "${name}"` };
    },
  },
  {
    id: "onnx-string-normalizer",
    severity: "warning",
    about: "StringNormalizer needs a locale that minimal Linux images and iOS lack",
    fix: "normalise text before the model, or set locale to C.UTF-8",
    *check(linted) {
      for (const node of nodesNamed(linted, ["StringNormalizer"]))
        yield {
          message: `locale "${new Attributes(node).text("locale", "en_US")}" may be absent, and then the model does not load`,
          where: nodeWhere(node),
        };
    },
  },
  {
    id: "onnx-image-decoder",
    severity: "error",
    about: "ImageDecoder is not implemented by ONNX Runtime",
    fix: "decode images before the model and feed pixels",
    *check(linted) {
      for (const node of nodesNamed(linted, ["ImageDecoder"]))
        yield { message: "ImageDecoder has no implementation in ONNX Runtime", where: nodeWhere(node) };
    },
  },
  {
    id: "onnx-no-double",
    severity: "error",
    about: "Some operators have no float64 implementation",
    fix: "cast its input to float32, or express it with core operators (Where and IsNaN for Imputer)",
    *check(linted) {
      for (const node of nodesNamed(linted, noDouble, (found) => isDouble(linted, found)))
        yield { message: `${node.opType} on float64 has no implementation in ONNX Runtime`, where: nodeWhere(node) };
    },
  },
  {
    id: "onnx-narrows-double",
    severity: "warning",
    about: "Some operators take float64 and return float32",
    fix: "express it with core operators (Sub and Div for Scaler), which keep float64",
    *check(linted) {
      for (const node of nodesNamed(linted, narrowing, (found) => isDouble(linted, found)))
        yield { message: `${node.opType} takes float64 and returns float32: digits are lost`, where: nodeWhere(node) };
    },
  },
  {
    id: "onnx-custom-operator",
    severity: "error",
    about: "Operators come from a domain the runtime has",
    fix: "export with standard operators, or put the operator's definition into the model as a local function",
    *check({ model, isLocal }) {
      const seen = new Set<string>();
      for (const node of nodesOf(model)) {
        const what = `${node.domain}:${node.opType}`;
        if (knownDomains.has(plainDomain(node.domain)) || isLocal(node) || seen.has(what)) continue;
        seen.add(what);
        yield {
          message: `${what} is a custom operator: it needs a library that packages cannot carry`,
          where: nodeWhere(node),
        };
      }
    },
  },
  {
    id: "onnx-runtime-operator",
    severity: "info",
    about: "Operators of com.microsoft run in ONNX Runtime only",
    fix: "nothing, unless the model is to run elsewhere",
    *check({ model, isLocal }) {
      const found = new Set<string>();
      for (const node of nodesOf(model)) if (node.domain === "com.microsoft" && !isLocal(node)) found.add(node.opType);
      if (found.size > 0)
        yield { message: `uses com.microsoft operators: ${[...found].sort().join(", ")}`, where: "graph" };
    },
  },
  {
    id: "onnx-not-webgpu",
    severity: "info",
    about: "The webgpu and jspi builds have no ai.onnx.ml operators, no float64 and no strings",
    fix: "in browsers use the wasm build (onnxruntime-web/wasm), as Ingot does",
    *check({ model, facts, isLocal }) {
      const reasons = new Set<string>();
      for (const node of nodesOf(model)) if (node.domain === "ai.onnx.ml" && !isLocal(node)) reasons.add(node.opType);
      for (const { dtype } of facts.values()) if (dtype === "float64" || dtype === "string") reasons.add(dtype);
      if (reasons.size > 0)
        yield { message: `does not run on webgpu: ${[...reasons].sort().join(", ")}`, where: "graph" };
    },
  },
  {
    id: "onnx-random",
    severity: "warning",
    about: "Random operators make predictions that cannot be repeated",
    fix: "export the model in inference mode",
    *check(linted) {
      for (const node of nodesNamed(linted, randomOperators))
        yield { message: `${node.opType} draws random numbers: two runs differ`, where: nodeWhere(node) };
    },
  },
];
