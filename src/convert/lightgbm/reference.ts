// LightGBM computed without a graph, in float64, for the certificate. Rule: microsoft/LightGBM include/LightGBM/tree.h
// (NumericalDecision, CategoricalDecision, Predict with is_linear_), src/c_api.cpp (values near zero are dropped), ConvertOutput of the
// objectives.
import type { InputSpec, Schema } from "../../core/index.ts";
import {
  type LightgbmForest,
  type LightgbmModel,
  type LightgbmObjective,
  lightgbmColumns,
  missingType,
  objectiveLinks,
  splitBits,
} from "../../formats/index.ts";
import type { Tensor } from "../../onnx/index.ts";
import type { ConvertOptions } from "../converter.ts";
import {
  type Feeds,
  featuresOf,
  labelTensor,
  largestOf,
  outputTensor,
  type ReadFeature,
} from "../reference_tensors.ts";

/** kZeroThreshold, a float32. */
const zero = Math.fround(1e-35);

/** @param iterations how many, from the first */
export function lightgbmReference(
  model: LightgbmModel,
  iterations: number,
  schema: Schema,
  options: ConvertOptions,
): (feeds: Feeds) => Record<string, Tensor> {
  const { forest, treesPerIteration: targets } = model;
  const { columns } = lightgbmColumns(model);
  const isMatrix = schema.inputs.length === 1 && schema.inputs[0]!.shape.length > 0;
  return (feeds) => {
    const { rows, features } = featuresOf(feeds, schema);
    const values = features.map((read, at) => {
      if (isMatrix) return numberOf(read);
      const spec = schema.inputs[at]!;
      const categories = spec.categories ?? (spec.type === "bool" ? columns[at]!.categories?.map(Number) : undefined);
      return categories ? codeOf(read, spec, categories) : numberOf(read);
    });
    const sums = Array.from({ length: rows }, (_, row) => {
      const record = values.map((read) => read(row));
      const sum = new Array<number>(targets).fill(0);
      for (let tree = 0; tree < iterations * targets; tree++) sum[tree % targets]! += treeValue(forest, tree, record);
      return sum;
    });
    const answers = sums.map((sum) => answerOf(model, sum, iterations));
    return Object.fromEntries(
      schema.outputs.map((spec) => {
        if (spec.name === "label")
          return [
            spec.name,
            labelTensor(
              spec,
              answers.map(({ label }) => label),
              options.classes,
            ),
          ];
        if (spec.name === "margin") return [spec.name, outputTensor(spec, sums)];
        return [
          spec.name,
          outputTensor(
            spec,
            answers.map(({ prediction }) => prediction),
          ),
        ];
      }),
    );
  };
}

/** What is near zero is not stored when a row is read. */
function numberOf(read: ReadFeature): (row: number) => number {
  return (row) => {
    const value = Number(read(row));
    return Math.abs(value) <= zero ? 0 : value;
  };
}

/** Position among the categories; NaN, as pandas makes it, for any other value. */
function codeOf(read: ReadFeature, spec: InputSpec, categories: readonly (string | number)[]): (row: number) => number {
  const known = new Map<string | number, number>(
    categories.map((category, position) => [spec.type === "string" ? String(category) : category, position]),
  );
  return (row) => known.get(read(row)) ?? Number.NaN;
}

function treeValue(forest: LightgbmForest, tree: number, record: readonly number[]): number {
  const nodes = forest.nodeStart[tree]!;
  let child = forest.nodeStart[tree + 1] === nodes ? ~0 : 0;
  while (child >= 0) {
    const node = nodes + child;
    child = goesLeft(forest, tree, node, record[forest.feature[node]!]!) ? forest.left[node]! : forest.right[node]!;
  }
  const leaf = ~child;
  const value = forest.leafValue[forest.leafStart[tree]! + leaf]!;
  const linear = forest.linear[tree];
  if (!linear) return value;
  let sum = linear.constant[leaf]!;
  for (let term = linear.start[leaf]!; term < linear.start[leaf + 1]!; term++) {
    const x = record[linear.features[term]!]!;
    if (Number.isNaN(x)) return value;
    sum += linear.coefficients[term]! * x;
  }
  return sum;
}

function goesLeft(forest: LightgbmForest, tree: number, node: number, given: number): boolean {
  const type = forest.decisionType[node]!;
  const threshold = forest.threshold[node]!;
  if (type & splitBits.categorical) {
    const { boundaries, words } = forest.categories[tree]!;
    const category = Math.trunc(given);
    if (!(category >= 0 && category < 2 ** 31)) return false;
    const word = boundaries[threshold]! + Math.floor(category / 32);
    return word < boundaries[threshold + 1]! && ((words[word]! >>> (category % 32)) & 1) === 1;
  }
  const missing = type >> 2;
  const value = Number.isNaN(given) && missing !== missingType.nan ? 0 : given;
  const isMissing = missing === missingType.zero ? Math.abs(value) <= zero : Number.isNaN(value);
  return isMissing ? (type & splitBits.defaultLeft) !== 0 : value <= threshold;
}

function answerOf(model: LightgbmModel, sums: readonly number[], iterations: number) {
  const { objective } = model;
  const link = objective.name === null ? "identity" : objectiveLinks[objective.name as LightgbmObjective];
  const scores = model.averageOutput ? sums.map((sum) => sum / iterations) : sums;
  const sigmoid = (x: number, scale = 1) => 1 / (1 + Math.exp(-scale * x));
  if (link === "binary") {
    const positive = sigmoid(scores[0]!, objective.sigmoid);
    return { prediction: [1 - positive, positive], label: Number(positive > 0.5) };
  }
  if (link === "softmax") {
    const most = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    const prediction = powers.map((power) => power / total);
    return { prediction, label: largestOf(prediction) };
  }
  if (link === "sigmoids") {
    const prediction = scores.map((score) => sigmoid(score, objective.sigmoid));
    return { prediction, label: largestOf(prediction) };
  }
  const predicted = (score: number): number => {
    if (objective.sqrt) return Math.sign(score) * score * score;
    if (link === "exp") return Math.exp(score);
    if (link === "sigmoid") return sigmoid(score);
    return link === "log1p-exp" ? Math.log1p(Math.exp(score)) : score;
  };
  return { prediction: scores.map(predicted), label: 0 };
}
