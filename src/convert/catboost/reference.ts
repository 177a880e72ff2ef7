// CatBoost computed without a graph, tree by tree in float64, for the certificate. Rule: catboost/libs/model/cpu/quantization.h (a value is
// above a border as float32), evaluator_impl.cpp (index of a leaf from the answers of its tree), eval_helpers.cpp (PrepareEval).
import type { Schema } from "../../core/index.ts";
import { type CatboostModel, catboostColumns, catboostLink } from "../../formats/index.ts";
import type { Tensor } from "../../onnx/index.ts";
import { type Feeds, featuresOf, labelTensor, largestOf, outputTensor } from "../reference_tensors.ts";
import { categoryHash, longestCategory } from "./category_hash.ts";

/** @param trees how many, from the first */
export function catboostReference(
  model: CatboostModel,
  trees: number,
  schema: Schema,
  classes: CatboostModel["classes"],
): (feeds: Feeds) => Record<string, Tensor> {
  const columns = catboostColumns(model);
  return (feeds) => {
    const { rows, features } = featuresOf(feeds, schema);
    const sums = Array.from({ length: rows }, (_, row) => {
      const record: Row = { numbers: [], hashes: [] };
      for (const [at, { type, position }] of columns.entries()) {
        const value = features[at]!(row);
        if (type === "category") record.hashes[position] = hashOf(String(value));
        else record.numbers[position] = Math.fround(Number(value));
      }
      return scoresOf(model, trees, record);
    });
    const answers = sums.map((sum) => answerOf(model, sum));
    return Object.fromEntries(
      schema.outputs.map((spec) => {
        if (spec.name === "label")
          return [
            spec.name,
            labelTensor(
              spec,
              answers.map(({ label }) => label),
              classes,
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

interface Row {
  readonly numbers: number[];
  /** Null: no split asks for a text this long. */
  readonly hashes: (number | null)[];
}

function hashOf(text: string): number | null {
  return Buffer.byteLength(text) > longestCategory ? null : categoryHash(text);
}

function answers(model: CatboostModel, split: number, { numbers, hashes }: Row): boolean {
  const { kind, feature, value } = model.splits;
  const position = feature[split]!;
  if (kind[split] === 1) return hashes[position] === value[split];
  const number = numbers[position]!;
  return Number.isNaN(number) ? model.floats[position]!.nan === "AsTrue" : number > value[split]!;
}

function scoresOf(model: CatboostModel, count: number, row: Row): number[] {
  const { trees, leafValues, dimension, scale, bias } = model;
  const sums = new Array<number>(dimension).fill(0);
  const add = (leaf: number) => {
    for (let at = 0; at < dimension; at++) sums[at]! += leafValues[leaf * dimension + at]!;
  };
  if (trees.shape === "oblivious") {
    let [split, leaves] = [0, 0];
    for (const size of trees.sizes.subarray(0, count)) {
      let leaf = 0;
      for (let level = 0; level < size; level++)
        if (answers(model, trees.splits[split + level]!, row)) leaf += 2 ** level;
      add(leaves + leaf);
      split += size;
      leaves += 2 ** size;
    }
  } else
    for (const root of trees.roots.subarray(0, count)) {
      let node = root;
      while (node >= 0) node = answers(model, trees.split[node]!, row) ? trees.yes[node]! : trees.no[node]!;
      add(~node);
    }
  return sums.map((sum, at) => sum * scale + bias[at]!);
}

function answerOf(model: CatboostModel, scores: readonly number[]) {
  const link = catboostLink(model);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  if (link === "binary") {
    const border = Math.log(model.probabilityBorder / (1 - model.probabilityBorder));
    return { prediction: [sigmoid(-scores[0]!), sigmoid(scores[0]!)], label: Number(scores[0]! > border) };
  }
  if (link === "softmax") {
    const most = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return { prediction: powers.map((power) => power / total), label: largestOf(scores) };
  }
  if (link === "sigmoids") return { prediction: scores.map(sigmoid), label: largestOf(scores) };
  return { prediction: link === "exp" ? scores.map(Math.exp) : [...scores], label: 0 };
}
