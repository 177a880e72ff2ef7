// What a person sees of a LightGBM model.
import { type ColumnType, counted } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { type LightgbmColumn, lightgbmColumns } from "./columns.ts";
import { type LightgbmModel, lightgbmTreeCount, splitBits } from "./model.ts";
import { type LightgbmObjective, objectiveLinks } from "./objective.ts";

export function describeLightgbm(model: LightgbmModel): ModelDescription {
  const { forest, treesPerIteration, objective } = model;
  const trees = lightgbmTreeCount(forest);
  const iterations = trees / treesPerIteration;
  const { columns, unnamed, categoriesPlaced } = lightgbmColumns(model);
  const categoricalSplits = forest.decisionType.reduce((sum, type) => sum + (type & splitBits.categorical), 0);
  const linear = forest.linear.filter((leaves) => leaves !== null).length;
  const facts: [string, string | number][] = [
    ["objective", objective.text || "none in the file: scores are the prediction"],
    ["iterations", iterations],
    ["trees", trees],
    ["leaves", forest.leafValue.length],
    ["categorical splits", categoricalSplits],
  ];
  if (linear > 0) facts.push(["trees with linear leaves", linear]);
  if (model.averageOutput) facts.push(["combined by", "mean over iterations (random forest)"]);
  const boosting = model.parameters.get("boosting");
  if (boosting) facts.push(["boosting", boosting]);
  if (!categoriesPlaced)
    facts.push([
      "note",
      "the file does not say which columns its lists of categories belong to: name them under `inputs`",
    ]);
  return {
    format: "lightgbm-text",
    formatVersion: model.version,
    producer: { name: "LightGBM" },
    task: taskOf(model),
    summary: [
      counted(trees, "tree"),
      counted(forest.leafValue.length, "leaf", "leaves"),
      counted(columns.length, "feature"),
    ].join(", "),
    inputs: unnamed
      ? [{ name: "features", type: "float", shape: [columns.length] }]
      : columns.map((column) => ({
          name: column.name,
          type: columnTypeOf(column),
          shape: [],
          ...(column.categories && typeof column.categories[0] !== "boolean"
            ? { categories: column.categories as readonly (string | number)[] }
            : {}),
        })),
    outputs: outputsOf(model),
    facts,
  };
}

/** How the values of a column look to a caller. */
export function columnTypeOf({ categories }: LightgbmColumn): ColumnType {
  const first = categories?.[0];
  if (typeof first === "string") return "string";
  if (typeof first === "boolean") return "bool";
  return categories?.every((value) => Number.isInteger(value)) && categories.length > 0 ? "int" : "float";
}

function taskOf({ objective }: LightgbmModel): ModelDescription["task"] {
  if (objective.name === null) return "unknown";
  const link = objectiveLinks[objective.name as LightgbmObjective];
  if (link === "binary") return "binary classification";
  if (link === "softmax" || link === "sigmoids") return "multiclass classification";
  return link === "rank" ? "ranking" : "regression";
}

function outputsOf(model: LightgbmModel): ModelDescription["outputs"] {
  const task = taskOf(model);
  const classes = task === "binary classification" ? 2 : model.treesPerIteration;
  if (task === "binary classification" || task === "multiclass classification")
    return [
      { name: "label", type: "int", shape: [] },
      { name: "probabilities", type: "float", shape: [classes] },
      { name: "margin", type: "float", shape: task === "binary classification" ? [] : [classes] },
    ];
  const shape = model.treesPerIteration === 1 ? [] : [model.treesPerIteration];
  const link = model.objective.name === null ? "identity" : objectiveLinks[model.objective.name as LightgbmObjective];
  const transformed = model.averageOutput || model.objective.sqrt || !["identity", "rank"].includes(link);
  return ["prediction", ...(transformed ? ["margin"] : [])].map((name) => ({ name, type: "float", shape }));
}
