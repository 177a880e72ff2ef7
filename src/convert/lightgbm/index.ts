// LightGBM to ONNX, in float64: the margins have the library's own bits.
import { IngotError } from "../../core/index.ts";
import { type LightgbmModel, type LightgbmObjective, lightgbmTreeCount, objectiveLinks } from "../../formats/index.ts";
import { GraphBuilder, type Value } from "../../onnx/index.ts";
import { type Boosted, putAnswers } from "../answers.ts";
import { checkClasses } from "../columns.ts";
import type { Converted, Converter, ConvertOptions } from "../converter.ts";
import { emitTreeEnsemble } from "../tree_ensemble.ts";
import { treeEnsemble } from "./forest.ts";
import { emitInputs } from "./inputs.ts";
import { emitLinearForest } from "./linear.ts";
import { emitMatrix, matrixColumns } from "./matrix.ts";
import { emitOutputs } from "./outputs.ts";
import { lightgbmReference } from "./reference.ts";

export const lightgbmConverter: Converter<LightgbmModel> = {
  formats: ["lightgbm-text"],
  convert: convertLightgbm,
};

/** @throws IngotError MODEL_UNSUPPORTED, INPUT_INVALID */
export function convertLightgbm(model: LightgbmModel, options: ConvertOptions = {}): Converted {
  if (options.missing !== undefined && !Number.isNaN(options.missing))
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `LightGBM has no value besides NaN that stands for a missing one, not ${options.missing}`,
      where: model.source,
      fix: "leave `missing` out; zero_as_missing is in the model file",
    });
  const { forest, treesPerIteration: targets } = model;
  const all = lightgbmTreeCount(forest) / targets;
  const iterations = roundsOf(model, options, all);
  checkClasses(options.classes, classCount(model), model.objective.text, model.source);

  const g = new GraphBuilder("lightgbm");
  const { inputs, raw, codes, notes } = emitInputs(g, model, options);
  const sums = emitSums(g, model, raw, codes, iterations);
  const { outputs, promises } = putAnswers(g, emitOutputs(g, model, sums, iterations, options.classes));
  const schema = { inputs, outputs };
  return {
    model: g.build(),
    schema,
    promises,
    reference: lightgbmReference(model, iterations, schema, options),
    accepts: { infinity: true, largest: hasLinear(model, iterations) ? 1e30 : 1e300 },
    notes: [
      ...notes,
      iterations === all
        ? `all ${all} iterations of the file are used, as LightGBM does after loading it`
        : `the first ${iterations} of ${all} iterations are used`,
    ],
  };
}

/** The model inside of a pipeline. @throws IngotError MODEL_UNSUPPORTED, INPUT_INVALID */
export function boostedLightgbm(model: LightgbmModel, options: Pick<ConvertOptions, "rounds">): Boosted {
  if (model.pandasCategorical?.some((list) => list.length > 0))
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "the model takes categories of a data frame, which no step before it passes on",
      where: model.source,
      fix: "convert the LightGBM model alone, or encode categories as numbers before it",
    });
  const iterations = roundsOf(model, options, lightgbmTreeCount(model.forest) / model.treesPerIteration);
  return {
    features: model.featureNames.length,
    emit: (g, x) => emitOutputs(g, model, emitSums(g, model, x, new Set(), iterations), iterations, undefined),
    reference: (schema) => lightgbmReference(model, iterations, schema, {}),
  };
}

function hasLinear({ forest, treesPerIteration }: LightgbmModel, iterations: number): boolean {
  return forest.linear.some((leaves, tree) => leaves !== null && tree < iterations * treesPerIteration);
}

/**
 * @param raw `[N, features]` float64
 * @param codes features whose values are codes of categories already
 * @returns `[N, targets]`, the sums of the trees
 */
function emitSums(
  g: GraphBuilder,
  model: LightgbmModel,
  raw: Value,
  codes: ReadonlySet<number>,
  iterations: number,
): Value {
  const { forest, treesPerIteration: targets } = model;
  const trees = iterations * targets;
  const columns = matrixColumns(forest, forest.nodeStart[trees]!, model.featureNames.length);
  const matrix = emitMatrix(g, raw, columns, codes);
  if (hasLinear(model, iterations)) return emitLinearForest(g, matrix, raw, forest, trees, targets, columns);
  const leaves = { target: (tree: number) => tree % targets, weight: forest.leafValue, targets };
  return emitTreeEnsemble(g, matrix, treeEnsemble(forest, 0, trees, columns, leaves));
}

function roundsOf(model: LightgbmModel, { rounds }: ConvertOptions, all: number): number {
  if (rounds === undefined) return all;
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= all) return rounds;
  throw new IngotError("INPUT_INVALID", {
    what: `rounds ${rounds} is not between 1 and ${all}`,
    where: model.source,
    fix: "leave it out to use all iterations in the file",
  });
}

/** 0 for models that do not classify. */
function classCount(model: LightgbmModel): number {
  const link = model.objective.name === null ? "identity" : objectiveLinks[model.objective.name as LightgbmObjective];
  if (link === "binary") return 2;
  return link === "softmax" || link === "sigmoids" ? model.treesPerIteration : 0;
}
