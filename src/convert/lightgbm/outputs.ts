// From scores to what LightGBM's predict returns (ConvertOutput of the objectives), and the labels of its scikit-learn classes.
import { type LightgbmModel, type LightgbmObjective, objectiveLinks } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { type Answer, answerList } from "../answers.ts";
import { labelNames } from "../columns.ts";
import type { Tolerance } from "../converter.ts";
import { emitSigmoid, emitSoftmax } from "../links.ts";

const exact: Tolerance = { exact: true };
/**
 * LightGBM takes exp and log from the C library, runtimes have their own: each is within 1 ulp, the few steps after it round again,
 * and a sum of `terms` may be added in another order. Over all fixtures the largest difference is 2.2e-16 for probabilities and
 * 1 ulp for exponential links on native, and nothing at all but for cross_entropy_lambda on wasm.
 */
const nearly = (terms = 0): Tolerance => ({ exact: false, absolute: 2 ** -51, relative: 2 ** -50 + terms * 2 ** -52 });

export type Classes = readonly (string | number)[] | undefined;

/** @param sums [N, K], the sum of the trees per output */
export function emitOutputs(
  g: GraphBuilder,
  model: LightgbmModel,
  sums: Value,
  iterations: number,
  classes: Classes,
): readonly Answer[] {
  const { answers, put } = answerList();
  const link = model.objective.name === null ? "identity" : objectiveLinks[model.objective.name as LightgbmObjective];
  const targets = model.treesPerIteration;
  const flat = (value: Value) => (targets === 1 ? g.op("Reshape", [value, g.constant(int64([-1]))]) : value);
  const scalar = (value: number) => g.constant(float64([value], []));
  // A random forest's raw scores are sums all the same; its predictions start from the mean.
  const scores = model.averageOutput ? g.op("Div", [sums, scalar(iterations)], {}, { name: "mean" }) : sums;
  const shape = targets === 1 ? [] : [targets];
  const named = classes ? { classes: classes.map(String) } : {};
  const label = (index: Value) => {
    const names = labelNames(classes);
    const value = names ? g.op("Gather", [g.constant(names.tensor, "classes"), index]) : index;
    put("label", value, { type: names?.type ?? "int", shape: [], role: "label" }, exact);
  };

  if (link === "binary") {
    const margin = flat(sums);
    const probability = emitSigmoid(g, scores, model.objective.sigmoid);
    label(aboveHalf(g, flat(scores), model.objective.sigmoid));
    const both = g.op("Concat", [g.op("Sub", [scalar(1), probability]), probability], { axis: 1 }, { name: "both" });
    put("probabilities", both, { type: "float", shape: [2], role: "probabilities", ...named }, nearly());
    put("margin", margin, { type: "float", shape: [], role: "margin" }, exact);
  } else if (link === "softmax" || link === "sigmoids") {
    const probabilities = link === "softmax" ? emitSoftmax(g, scores) : emitSigmoid(g, scores, model.objective.sigmoid);
    label(g.op("ArgMax", [probabilities], { axis: 1, keepdims: 0 }));
    put(
      "probabilities",
      probabilities,
      { type: "float", shape: [targets], role: "probabilities", ...named },
      nearly(link === "softmax" ? targets : 0),
    );
    put("margin", sums, { type: "float", shape: [targets], role: "margin", ...named }, exact);
  } else {
    const score = flat(scores);
    let prediction = score;
    let promise = exact;
    if (model.objective.sqrt) prediction = g.op("Mul", [g.op("Mul", [g.op("Sign", [score]), score]), score]);
    else if (link === "exp") prediction = g.op("Exp", [score]);
    else if (link === "sigmoid") prediction = emitSigmoid(g, score);
    else if (link === "log1p-exp") prediction = log1pExp(g, score);
    if (["exp", "sigmoid", "log1p-exp"].includes(link)) promise = nearly();
    put("prediction", prediction, { type: "float", shape, role: "value" }, promise);
    if (prediction !== score || model.averageOutput)
      put("margin", flat(sums), { type: "float", shape, role: "margin" }, exact);
  }
  return answers;
}

/**
 * 1 where the probability is above one half, as an int64. Told from the score, so that it does not hang on the last bit of an
 * exponential: 1/(1+exp(-y)) rounds to more than 0.5 from the first float64 above 1.5 * 2^-53 on.
 */
function aboveHalf(g: GraphBuilder, score: Value, sigmoid: number): Value {
  const y = g.op("Mul", [score, g.constant(float64([sigmoid], []))]);
  const above = g.op("Greater", [y, g.constant(float64([1.5 * 2 ** -53], []))]);
  return g.op("Cast", [above], { to: 7 }, { name: "above_half" });
}

/** log(1 + exp(x)) with the accuracy of log1p (Kahan): e * log(u) / (u - 1) with u = 1 + e rounded. */
function log1pExp(g: GraphBuilder, x: Value): Value {
  const one = g.constant(float64([1], []));
  const e = g.op("Exp", [x]);
  const u = g.op("Add", [one, e]);
  const rounded = g.op("Sub", [u, one]);
  const ratio = g.op("Div", [e, rounded]);
  const general = g.op("Mul", [g.op("Log", [u]), ratio]);
  // u - 1 is 0 where e vanishes beside 1, and infinity - infinity has no ratio.
  const lost = g.op("Or", [g.op("Equal", [u, one]), g.op("IsInf", [u])]);
  return g.op("Where", [lost, e, general], {}, { name: "log1p_exp" });
}
