// CatBoost to ONNX: trees on float32 values, sums in float64 with the library's own bits.
import { IngotError } from "../../core/index.ts";
import { type CatboostModel, catboostColumns, catboostTreeCount } from "../../formats/index.ts";
import { GraphBuilder } from "../../onnx/index.ts";
import { type Boosted, putAnswers } from "../answers.ts";
import type { Converted, Converter, ConvertOptions } from "../converter.ts";
import { emitTreeEnsemble } from "../tree_ensemble.ts";
import { treeEnsemble } from "./forest.ts";
import { emitInputs } from "./inputs.ts";
import { emitOutputs } from "./outputs.ts";
import { catboostReference } from "./reference.ts";

export const catboostConverter: Converter<CatboostModel> = {
  formats: ["catboost-cbm", "catboost-json"],
  convert: convertCatboost,
};

/** @throws IngotError MODEL_UNSUPPORTED, INPUT_INVALID */
export function convertCatboost(model: CatboostModel, options: ConvertOptions): Converted {
  const refuse = (what: string, fix: string): never => {
    throw new IngotError("MODEL_UNSUPPORTED", {
      what,
      where: `${model.source}${model.version ? ` (CatBoost ${model.version})` : ""}`,
      fix,
    });
  };
  if (options.missing !== undefined && !Number.isNaN(options.missing))
    refuse(
      `CatBoost has no value besides NaN that stands for a missing one, not ${options.missing}`,
      "leave `missing` out",
    );
  if (model.others.length > 0)
    refuse(
      `column ${model.others[0]!.column} holds ${model.others[0]!.type === "text" ? "text" : "embeddings"}, which are not converted`,
      "turn such columns into numbers before CatBoost",
    );
  const all = catboostTreeCount(model);
  const trees = treesToUse(model, options, all);
  const classes = classesOf(model, options);
  const g = new GraphBuilder("catboost");
  const { inputs, matrix } = emitInputs(g, model, options);
  const sums = emitTreeEnsemble(g, matrix, treeEnsemble(model, trees));
  const { outputs, promises } = putAnswers(g, emitOutputs(g, model, sums, classes));
  const notes = [
    trees === all
      ? `all ${all} trees are used, as CatBoost does after loading the file`
      : `the first ${trees} of ${all} trees are used`,
  ];
  const schema = { inputs, outputs };
  return {
    model: g.build(),
    schema,
    promises,
    reference: catboostReference(model, trees, schema, classes),
    accepts: { infinity: true, largest: 3e38 },
    notes,
  };
}

/** The model inside of a pipeline. @throws IngotError MODEL_UNSUPPORTED, INPUT_INVALID */
export function boostedCatboost(model: CatboostModel, options: Pick<ConvertOptions, "rounds">): Boosted {
  if (model.others.length > 0 || model.categorical.length > 0)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "the model takes categories, text or embeddings, which no step before it passes on",
      where: model.source,
      fix: "convert the CatBoost model alone, or encode such columns as numbers before it",
    });
  const trees = treesToUse(model, options, catboostTreeCount(model));
  return {
    features: catboostColumns(model).length,
    emit(g, x) {
      const rounded = g.op("Cast", [g.op("Cast", [x], { to: 1 })], { to: 11 });
      return emitOutputs(g, model, emitTreeEnsemble(g, rounded, treeEnsemble(model, trees)), null);
    },
    reference: (schema) => catboostReference(model, trees, schema, null),
  };
}

function treesToUse(model: CatboostModel, { rounds }: ConvertOptions, all: number): number {
  if (rounds === undefined) return all;
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= all) return rounds;
  throw new IngotError("INPUT_INVALID", {
    what: `rounds ${rounds} is not between 1 and ${all}`,
    where: model.source,
    fix: "leave it out to use all trees in the file",
  });
}

/** The project's names, else the file's own. */
function classesOf(model: CatboostModel, { classes }: ConvertOptions): CatboostModel["classes"] {
  if (!classes) return model.classes;
  const count = model.dimension === 1 ? 2 : model.dimension;
  if (classes.length === count && model.classes !== null) return classes;
  throw new IngotError("INPUT_INVALID", {
    what:
      model.classes === null
        ? "classes are named, but the model does not classify"
        : `${classes.length} classes are named, the model has ${count}`,
    where: model.source,
    fix: "name as many classes as the model has, in its order",
  });
}
