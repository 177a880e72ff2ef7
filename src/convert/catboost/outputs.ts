// From sums to what CatBoost's predict returns. Rule: catboost/libs/eval_result/eval_helpers.cpp (PrepareEval),
// python-package/catboost/core.py (CatBoostClassifier.predict, CatBoostRegressor._get_default_prediction_type).
import { IngotError, type OutputSpec, quoted } from "../../core/index.ts";
import { type CatboostLink, type CatboostModel, catboostLink } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, strings, type Tensor, type Value } from "../../onnx/index.ts";
import { type Answer, answerList } from "../answers.ts";
import type { Tolerance } from "../converter.ts";
import { emitSigmoid, emitSoftmax } from "../links.ts";

const exact: Tolerance = { exact: true };
/** exp of the library's vector code and of the runtimes differ in the last places; sums of `terms` may be added in another order. */
const nearly = (terms = 0): Tolerance => ({ exact: false, absolute: 2 ** -50, relative: 2 ** -49 + terms * 2 ** -52 });

type Classes = readonly (string | number | boolean)[];

/** @param sums `[N, dimension]` float64, the sum of the leaves, @throws IngotError MODEL_UNSUPPORTED */
export function emitOutputs(
  g: GraphBuilder,
  model: CatboostModel,
  sums: Value,
  classes: Classes | null,
): readonly Answer[] {
  const { answers, put } = answerList();
  const { dimension } = model;
  const link = linkOf(model);
  const scores = scaled(g, model, sums);
  const flat = (value: Value) => (dimension === 1 ? g.op("Reshape", [value, g.constant(int64([-1]))]) : value);
  const shape = dimension === 1 ? [] : [dimension];
  const named = classes ? { classes: classes.map(String) } : {};
  const label = (index: Value) => {
    const names = classes ? classTensor(classes) : null;
    const value = names ? g.op("Gather", [g.constant(names.tensor, "classes"), index]) : index;
    put("label", value, { type: names?.type ?? "int", shape: [], role: "label" }, exact);
  };

  if (link === "binary") {
    const border = Math.log(model.probabilityBorder / (1 - model.probabilityBorder));
    const margin = flat(scores);
    label(g.op("Cast", [g.op("Greater", [margin, g.constant(float64([border], []))])], { to: 7 }, { name: "above" }));
    const both = g.op("Concat", [emitSigmoid(g, scores, -1), emitSigmoid(g, scores)], { axis: 1 }, { name: "both" });
    put("probabilities", both, { type: "float", shape: [2], role: "probabilities", ...named }, nearly());
    put("margin", margin, { type: "float", shape: [], role: "margin" }, exact);
  } else if (link === "softmax" || link === "sigmoids") {
    label(g.op("ArgMax", [scores], { axis: 1, keepdims: 0 }));
    const probabilities = link === "softmax" ? emitSoftmax(g, scores) : emitSigmoid(g, scores);
    put(
      "probabilities",
      probabilities,
      { type: "float", shape: [dimension], role: "probabilities", ...named },
      nearly(dimension),
    );
    put("margin", scores, { type: "float", shape: [dimension], role: "margin", ...named }, exact);
  } else {
    const margin = flat(scores);
    const prediction = link === "exp" ? g.op("Exp", [margin]) : margin;
    put("prediction", prediction, { type: "float", shape, role: "value" }, link === "exp" ? nearly() : exact);
    if (link === "exp") put("margin", margin, { type: "float", shape, role: "margin" }, exact);
  }
  return answers;
}

function linkOf(model: CatboostModel): CatboostLink {
  const link = catboostLink(model);
  const fits =
    link === "binary"
      ? model.dimension === 1
      : link === "softmax" || link === "sigmoids"
        ? model.dimension > 1
        : link !== "unknown";
  if (fits) return link;
  throw new IngotError("MODEL_UNSUPPORTED", {
    what: `loss ${quoted(model.loss ?? "unknown")} with ${model.dimension} outputs is not converted`,
    where: `${model.source}: model_info.params.loss_function${model.version ? ` (CatBoost ${model.version})` : ""}`,
    fix: "train with a loss whose predictions are the sums themselves, or one model per output",
  });
}

/** scale * sum + bias, in that order (apply of TScaleAndBias); left out where it changes nothing. */
function scaled(g: GraphBuilder, { scale, bias }: CatboostModel, sums: Value): Value {
  const times = scale === 1 ? sums : g.op("Mul", [sums, g.constant(float64([scale], []))]);
  if (bias.every((one) => one === 0)) return times;
  return g.op("Add", [times, g.constant(float64(bias, [1, bias.length]), "bias")], {}, { name: "score" });
}

function classTensor(classes: Classes): { type: OutputSpec["type"]; tensor: Tensor } {
  if (classes.every((name) => typeof name === "boolean"))
    return { type: "bool", tensor: { dtype: "bool", dims: [classes.length], data: Uint8Array.from(classes, Number) } };
  if (classes.every((name) => Number.isSafeInteger(name)))
    return { type: "int", tensor: int64(classes as readonly number[]) };
  if (classes.every((name) => typeof name === "number"))
    return { type: "float", tensor: float64(classes as readonly number[]) };
  return { type: "string", tensor: strings(classes.map(String)) };
}
