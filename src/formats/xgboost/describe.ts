// What a person sees of an XGBoost model.
import { type ColumnType, counted, quoted } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { groupsOf, roundsOf, type XgboostModel, type XgboostTrees } from "./model.ts";
import { xgboostObjectiveOf } from "./objective.ts";

export function describeXgboost(model: XgboostModel): ModelDescription {
  const objective = xgboostObjectiveOf(model);
  const groups = groupsOf(model);
  const shape = groups > 1 ? [groups] : [];
  const float = (name: string, of: number[]) => ({ name, type: "float" as const, shape: of });
  const label = { name: "label", type: "int" as const, shape: [] };
  const outputs =
    objective?.kind === "binary"
      ? [label, ...(objective.link === "step" ? [] : [float("probabilities", [2])]), float("margin", [])]
      : objective?.kind === "multiclass"
        ? [label, float("probabilities", shape), float("margin", shape)]
        : objective?.kind === "labels"
          ? [{ ...label, shape }, float("probabilities", shape), float("margin", shape)]
          : [
              float("prediction", shape),
              ...(objective && objective.link !== "identity" ? [float("margin", shape)] : []),
            ];
  return {
    format: `xgboost-${model.form}`,
    producer: { name: "XGBoost", ...(model.version ? { version: versionText(model) } : {}) },
    task: objective?.task ?? "unknown",
    summary: summary(model),
    inputs: describedInputs(model),
    outputs,
    facts: facts(model),
  };
}

/** The binary form has no third number. */
function versionText({ version, form }: XgboostModel): string {
  return version!.slice(0, form === "legacy" ? 2 : 3).join(".");
}

export function xgboostColumnType(model: XgboostModel, feature: number): ColumnType {
  const categories = model.categories?.[feature];
  if (categories?.some((category) => typeof category === "string")) return "string";
  if (categories) return categories.every((category) => Number.isInteger(category)) ? "int" : "float";
  const type = model.featureTypes?.[feature];
  if (type === "i") return "bool";
  return type === "int" ? "int" : "float";
}

function describedInputs(model: XgboostModel): ModelDescription["inputs"] {
  const { featureNames } = model;
  if (!featureNames) return [{ name: "features", type: "float", shape: [model.numFeature] }];
  return featureNames.map((name, feature) => {
    const categories = model.categories?.[feature];
    return {
      name,
      type: xgboostColumnType(model, feature),
      shape: [],
      ...(categories ? { categories: [...categories] } : {}),
    };
  });
}

function summary(model: XgboostModel): string {
  if (!model.trees) return `linear booster, ${counted(model.numFeature, "feature")}`;
  return `${model.booster}, ${counted(model.trees.group.length, "tree")}, depth ≤ ${depth(model.trees)}`;
}

function facts(model: XgboostModel): ModelDescription["facts"] {
  const list: [string, string | number][] = [
    ["objective", model.objective],
    [model.baseScoreIsMargin ? "base margin" : "base score", model.baseScore.map(nineDigits).join(", ")],
  ];
  if (model.trees) {
    const { left, sets, group } = model.trees;
    const leaves = left.reduce((sum, child) => sum + (child === -1 ? 1 : 0), 0);
    list.push(["rounds", roundsOf(model)], ["trees", group.length], ["leaves", leaves]);
    if (sets.size > 0) list.push(["categorical splits", sets.size]);
    if (model.bestIteration !== null && model.bestIteration + 1 < roundsOf(model))
      list.push(["best round", `${model.bestIteration + 1} of ${roundsOf(model)}`]);
  }
  if (model.tornCategories.size > 0) list.push(["note", `${tornNote(model)}: name them under \`inputs\``]);
  return list;
}

/** Nine digits tell every float32 apart. */
function nineDigits(score: number): number {
  return Number(score.toPrecision(9));
}

/** Which columns have lost the names of their categories. */
export function tornNote(model: XgboostModel): string {
  const columns = [...model.tornCategories.keys()].map((feature) =>
    quoted(model.featureNames?.[feature] ?? String(feature)),
  );
  const more = columns.length > 5 ? ` and ${columns.length - 5} more` : "";
  return `the file has torn the names of the categories of ${columns.slice(0, 5).join(", ")}${more}: XGBoost before 3.4 cuts names beyond ASCII`;
}

function depth({ start, left, right }: XgboostTrees): number {
  let deepest = 0;
  for (let tree = 0; tree + 1 < start.length; tree++) {
    let level = [start[tree]!];
    for (let at = 0; level.length > 0; at++) {
      deepest = Math.max(deepest, at);
      level = level.flatMap((node) => (left[node] === -1 ? [] : [left[node]!, right[node]!]));
    }
  }
  return deepest;
}
