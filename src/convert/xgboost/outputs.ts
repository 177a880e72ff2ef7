// From margins to what XGBoost's predict returns, and the labels of its scikit-learn classes, in float32.
// Rule: dmlc/xgboost src/common/math.h (Sigmoid, Softmax), src/objective (PredTransform), python-package xgboost/sklearn.py.
import type { XgboostObjective } from "../../formats/index.ts";
import { float32, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { type Answer, answerList } from "../answers.ts";
import { labelNames } from "../columns.ts";
import type { ConvertOptions, Tolerance } from "../converter.ts";

const exact: Tolerance = { exact: true };
/**
 * XGBoost takes exp from the C library, runtimes have their own approximations; the division after it rounds again.
 * 2^-22 is two units in the last place of a float32. Near 0 and 1 the difference of the complement is what counts.
 */
const fewUlp: Tolerance = { exact: false, absolute: 2 ** -23, relative: 2 ** -21 };

/** @param margins [N, groups] float32 */
export function emitOutputs(
  g: GraphBuilder,
  objective: XgboostObjective,
  margins: Value,
  groups: number,
  classes: ConvertOptions["classes"],
): readonly Answer[] {
  const { answers, put } = answerList();
  const shape = groups === 1 ? [] : [groups];
  const flat = groups === 1 ? g.op("Reshape", [margins, g.constant(int64([-1]))], {}, { name: "margins" }) : margins;
  const named = classes ? { classes: classes.map(String) } : {};
  const label = (index: Value) => {
    const names = labelNames(classes);
    const value = names ? g.op("Gather", [g.constant(names.tensor, "classes"), index]) : index;
    put("label", value, { type: names?.type ?? "int", shape: [], role: "label" }, exact);
  };
  if (objective.kind === "binary") {
    label(isAbove(g, flat, objective.link === "sigmoid" ? aboveHalf : 0));
    if (objective.link === "sigmoid") {
      const positive = sigmoid(g, margins);
      const both = g.op("Concat", [g.op("Sub", [one(g), positive]), positive], { axis: 1 }, { name: "both" });
      put("probabilities", both, { type: "float", shape: [2], role: "probabilities", ...named }, fewUlp);
    }
    put("margin", flat, { type: "float", shape: [], role: "margin" }, exact);
  } else if (objective.kind === "multiclass") {
    const probabilities = softmax(g, margins);
    label(g.op("ArgMax", [objective.labelsFromMargins ? margins : probabilities], { axis: 1, keepdims: 0 }));
    put("probabilities", probabilities, { type: "float", shape: [groups], role: "probabilities", ...named }, fewUlp);
    put("margin", margins, { type: "float", shape: [groups], role: "margin", ...named }, exact);
  } else if (objective.kind === "labels") {
    put("label", isAbove(g, margins, aboveHalf), { type: "int", shape, role: "label" }, exact);
    put("probabilities", sigmoid(g, margins), { type: "float", shape, role: "value" }, fewUlp);
    put("margin", margins, { type: "float", shape, role: "margin" }, exact);
  } else if (objective.link === "identity") {
    put("prediction", flat, { type: "float", shape, role: "value" }, exact);
  } else {
    const prediction = objective.link === "exp" ? g.op("Exp", [flat], {}, { name: "exp" }) : sigmoid(g, flat);
    put("prediction", prediction, { type: "float", shape, role: "value" }, fewUlp);
    put("margin", flat, { type: "float", shape, role: "margin" }, exact);
  }
  return answers;
}

function one(g: GraphBuilder): Value {
  return g.constant(float32([1], []));
}

/**
 * The probability rounds to more than one half where exp(-margin) rounds to at most 1 - 2^-23: from this margin on. Told from the
 * margin, so that the label does not hang on the last bit of a runtime's exponential.
 */
const aboveHalf = Math.fround(1.5 * 2 ** -24);

function isAbove(g: GraphBuilder, margin: Value, threshold: number): Value {
  return g.op("Cast", [g.op("Greater", [margin, g.constant(float32([threshold], []))])], { to: 7 }, { name: "above" });
}

/** 1 / (1 + exp(min(-x, 88.7))): the bound keeps exp finite, as in the library. */
function sigmoid(g: GraphBuilder, margins: Value): Value {
  const bounded = g.op("Min", [g.op("Neg", [margins]), g.constant(float32([88.7], []))]);
  return g.op("Div", [one(g), g.op("Add", [g.op("Exp", [bounded]), one(g)])], {}, { name: "sigmoid" });
}

function softmax(g: GraphBuilder, margins: Value): Value {
  const axes = g.constant(int64([1]));
  const powers = g.op("Exp", [g.op("Sub", [margins, g.op("ReduceMax", [margins, axes], { keepdims: 1 })])]);
  return g.op("Div", [powers, g.op("ReduceSum", [powers, axes], { keepdims: 1 })], {}, { name: "softmax" });
}
