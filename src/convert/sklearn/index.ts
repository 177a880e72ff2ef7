// scikit-learn to ONNX: a fitted estimator, read from a pickle, joblib or skops file, as one graph.

import { IngotError } from "../../core/index.ts";
import { describedValue, type Fitted, fittedOf, PyObject, type PythonModel } from "../../formats/index.ts";
import { GraphBuilder } from "../../onnx/index.ts";
import type { Converted, Converter, ConvertOptions } from "../converter.ts";
import { convertBooster } from "./booster_wrappers.ts";
import { readStep } from "./estimators.ts";
import { emitInputs } from "./inputs.ts";
import { outputsOf } from "./outputs.ts";

export { estimators } from "./estimators.ts";

export const sklearnConverter: Converter<PythonModel> = {
  formats: ["pickle", "joblib", "skops"],
  convert: convertSklearn,
};

/** @throws IngotError MODEL_UNSUPPORTED, MODEL_INVALID, INPUT_INVALID */
function convertSklearn(model: PythonModel, options: ConvertOptions): Converted {
  if (!(model.root instanceof PyObject))
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `the file holds ${describedValue(model.root)}, no fitted estimator`,
      where: model.source,
      fix: "store the estimator itself: `joblib.dump(model, path)`",
    });
  const self = fittedOf(model.root, model.source);
  const booster = convertBooster(self, options);
  if (booster) return booster;
  refuseOptions(self, options);
  const step = readStep(self);
  const outputs = outputsOf(step);
  const g = new GraphBuilder("sklearn");
  const { inputs, columns, missingText, tableOf } = emitInputs(g, self, step, options, outputs.names);
  const emitted = outputs.emit(g, columns, missingText);
  return {
    model: g.build(),
    schema: { inputs, outputs: emitted.outputs },
    promises: emitted.promises,
    reference: (feeds) => outputs.evaluate(tableOf(feeds)),
    notes: step.notes ?? [],
  };
}

function refuseOptions(self: Fitted, { rounds, classes, missing }: ConvertOptions): void {
  const given =
    rounds !== undefined ? "rounds" : classes !== undefined ? "classes" : missing !== undefined ? "missing" : null;
  if (given === null) return;
  throw new IngotError("INPUT_INVALID", {
    what: `\`${given}\` cannot be chosen for a scikit-learn model: the file says it`,
    where: self.where,
    fix: `leave \`${given}\` out`,
  });
}
