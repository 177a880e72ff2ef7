// XGBoost computed without a graph, in float32 step by step, for the certificate. Rule: dmlc/xgboost include/xgboost/tree_model.h and
// src/predictor/predict_fn.h (GetNextNode), src/common/categorical.h (Decision), src/gbm/gblinear.cc, src/common/math.h (Sigmoid, Softmax).
import type { InputSpec, Schema } from "../../core/index.ts";
import { groupsOf, type XgboostModel, type XgboostObjective, type XgboostTrees } from "../../formats/index.ts";
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
import { addsBaseLast } from "./base_margin.ts";

const { fround } = Math;

/**
 * @param margins what the sums start from, one per group
 * @param trees how many, from the first
 */
export function xgboostReference(
  model: XgboostModel,
  objective: XgboostObjective,
  margins: readonly number[],
  trees: number,
  schema: Schema,
  options: ConvertOptions,
): (feeds: Feeds) => Record<string, Tensor> {
  return (feeds) => {
    const { rows, features } = featuresOf(feeds, schema);
    const values = features.map((read, at) => featureValue(read, specAt(schema, at), options.missing));
    const sums = Array.from({ length: rows }, (_, row) => {
      const record = values.map((read) => read(row));
      if (!model.trees) return linearSums(model, margins, record);
      if (!addsBaseLast(model)) return treeSums(model.trees, trees, margins, record);
      const sums = treeSums(
        model.trees,
        trees,
        margins.map(() => 0),
        record,
      );
      return sums.map((sum, group) => fround(sum + fround(margins[group]!)));
    });
    const answers = sums.map((sum) => answerOf(objective, sum));
    return Object.fromEntries(
      schema.outputs.map((spec) => {
        if (spec.name === "label")
          return [
            spec.name,
            labelTensor(
              spec,
              answers.flatMap(({ labels }) => labels),
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

function specAt({ inputs }: Schema, feature: number): InputSpec {
  return inputs.length === 1 && inputs[0]!.shape.length > 0 ? inputs[0]! : inputs[feature]!;
}

/** NaN is missing; categories are positions, those that are not known are missing. */
function featureValue(read: ReadFeature, { categories }: InputSpec, missing = Number.NaN): (row: number) => number {
  if (!categories) {
    return (row) => {
      const value = fround(Number(read(row)));
      return value === fround(missing) ? Number.NaN : value;
    };
  }
  const positions = new Map<string | number, number>(categories.map((category, position) => [category, position]));
  return (row) => {
    const value = read(row);
    return value === missing ? Number.NaN : (positions.get(value) ?? Number.NaN);
  };
}

function treeSums(trees: XgboostTrees, count: number, margins: readonly number[], record: readonly number[]): number[] {
  const sums = margins.map(fround);
  for (let tree = 0; tree < count; tree++) {
    let node = trees.start[tree]!;
    while (trees.left[node] !== -1) node = goesLeft(trees, node, record) ? trees.left[node]! : trees.right[node]!;
    const weight = trees.weight[tree]!;
    const add = (group: number, value: number) => {
      sums[group] = fround(sums[group]! + fround(value * weight));
    };
    if (!trees.vectors) add(trees.group[tree]!, trees.condition[node]!);
    else {
      const leaf = trees.vectors.position[node]! * sums.length;
      for (let group = 0; group < sums.length; group++) add(group, trees.vectors.values[leaf + group]!);
    }
  }
  return sums;
}

/** Above it no number is a category. */
const categoryEnd = 2 ** 24;

function goesLeft(trees: XgboostTrees, node: number, record: readonly number[]): boolean {
  const value = record[trees.feature[node]!]!;
  if (Number.isNaN(value)) return trees.defaultLeft[node] !== 0;
  if (trees.isCategorical[node] !== 1) return value < trees.condition[node]!;
  if (value < 0 || value >= categoryEnd) return true;
  return !(trees.sets.get(node)?.includes(Math.trunc(value)) ?? false);
}

function linearSums(model: XgboostModel, margins: readonly number[], record: readonly number[]): number[] {
  const { weights } = model.linear!;
  const groups = groupsOf(model);
  const features = weights.length / groups - 1;
  return Array.from({ length: groups }, (_, group) => {
    let sum = fround(weights[features * groups + group]! + margins[group]!);
    for (let feature = 0; feature < features; feature++) {
      const value = record[feature]!;
      if (!Number.isNaN(value)) sum = fround(sum + fround(value * weights[feature * groups + group]!));
    }
    return sum;
  });
}

function answerOf({ kind, link, labelsFromMargins }: XgboostObjective, sums: readonly number[]) {
  if (kind === "multiclass") {
    const prediction = softmax(sums);
    return { prediction, labels: [largestOf(labelsFromMargins ? sums : prediction)] };
  }
  if (kind === "binary" && link !== "sigmoid") return { prediction: [], labels: [Number(sums[0]! > 0)] };
  if (link === "identity") return { prediction: [...sums], labels: [] };
  const prediction = sums.map((sum) => (link === "exp" ? fround(Math.exp(sum)) : sigmoid(sum)));
  const labels = prediction.map((share) => Number(share > 0.5));
  return { prediction: kind === "binary" ? [fround(1 - prediction[0]!), ...prediction] : prediction, labels };
}

function sigmoid(x: number): number {
  const power = fround(Math.exp(Math.min(-x, fround(88.7))));
  return fround(1 / fround(power + 1));
}

function softmax(sums: readonly number[]): number[] {
  const most = Math.max(...sums);
  const powers = sums.map((sum) => fround(Math.exp(fround(sum - most))));
  const total = fround(powers.reduce((sum, power) => sum + power, 0));
  return powers.map((power) => fround(power / total));
}
