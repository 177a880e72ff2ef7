// What gradient boosting starts from: the raw prediction of the `init_` estimator, in the space of the loss.
// Rule: up to 1.3 sklearn/ensemble/_gb_losses.py, get_init_raw_predictions; from 1.4 on _gb.py, _init_raw_predictions, with the links
// of sklearn/_loss/link.py.
import type { Fitted } from "../../formats/index.ts";
import { int64, type Value } from "../../onnx/index.ts";
import type { Tolerance } from "../converter.ts";
import { dummyProbabilities, dummyValues } from "./dummy.ts";
import type { Columns, Emission, Step, Table } from "./estimator.ts";
import { preciseLog } from "./gradient_boosting_log.ts";
import { scalar } from "./tree_classes.ts";
import { isBefore } from "./tree_release.ts";

/** `identity` of regressors; the others turn probabilities of an estimator into raw predictions. */
export type StartLink = "identity" | "logit" | "half_logit" | "multinomial";

export interface Start {
  /** Nothing was computed that another library computes otherwise in the last place. */
  readonly isExact: boolean;
  /** What is promised of sums, where float64 would promise too much. */
  readonly promise?: Tolerance;
  readonly notes?: readonly string[];
  /** One value per raw prediction, the same for all rows. */
  readonly constants?: readonly number[];
  /** float64 `[N, K]` */
  emit?(x: Columns, emission: Emission): Value;
  /** Row-major `[N, K]` */
  evaluate?(x: Table): Float64Array;
}

/**
 * The library fits and asks the estimator with its float32 matrix, in which linear models and their like then compute. A float32 rounding of
 * a decision may be a large part of what cancels out, and of the logarithm of a small probability.
 */
const inSingle = {
  promise: { exact: false, absolute: 2 ** -12, relative: 2 ** -12 },
  notes: [
    "gradient boosting starts from another estimator, which scikit-learn runs in float32: the graph computes it in float64, so answers may differ from the fourth digit on",
  ],
} as const;

/** @param raw number of raw predictions, K */
export function readStart(self: Fitted, link: StartLink, raw: number, nested: (child: Fitted) => Step): Start {
  const value = self.get("init_");
  if (value === "zero") return { isExact: true, constants: new Array<number>(raw).fill(0) };
  const init = self.child("init_");
  const isOld = isBefore(self.version, 1, 4);
  const least = isBefore(self.version, 1, 8) ? 2 ** -23 : 2 ** -52;
  const rules = { link, isOld, least };
  if (link === "identity") {
    const constants = dummyValues(init);
    if (constants) return { isExact: true, constants };
    const { regress } = nested(init);
    if (!regress || regress.targets !== null) throw init.unsupported("starts gradient boosting, but is no regressor");
    return {
      isExact: regress.isExact ?? false,
      ...(regress.isExact ? {} : inSingle),
      emit: (x, emission) => column(emission, regress.emit(x, emission)),
      evaluate: (x) => regress.evaluate(x).data,
    };
  }
  const prior = dummyProbabilities(init);
  if (prior) return { isExact: false, constants: fromProbabilities(Float64Array.from(prior), rules) };
  const { classify } = nested(init);
  if (classify?.targets.length !== 1) throw init.unsupported("starts gradient boosting, but has no probabilities");
  const classes = classify.targets[0]!.length;
  return {
    isExact: false,
    ...(classify.isExact ? {} : inSingle),
    emit(x, emission) {
      const { probabilities } = classify.emit(x, emission)[0]!;
      if (!probabilities) throw init.unsupported("starts gradient boosting, but has no probabilities");
      return emitLink(emission, probabilities, classes, rules);
    },
    evaluate(x) {
      const { probabilities } = classify.evaluate(x)[0]!;
      if (!probabilities) throw init.unsupported("starts gradient boosting, but has no probabilities");
      const result = new Float64Array(x.rows * raw);
      for (let row = 0; row < x.rows; row++)
        result.set(
          fromProbabilities(probabilities.data.subarray(row * classes, (row + 1) * classes), rules),
          row * raw,
        );
      return result;
    },
  };
}

interface Rules {
  readonly link: StartLink;
  /** Before 1.4: log(p), and no geometric mean taken off. */
  readonly isOld: boolean;
  /** Probabilities are kept this far from 0 and 1. */
  readonly least: number;
}

function fromProbabilities(probabilities: Float64Array, { link, isOld, least }: Rules): number[] {
  const kept = Array.from(probabilities, (p) => Math.min(Math.max(p, least), 1 - least));
  if (link === "multinomial") {
    const logs = kept.map(preciseLog);
    if (isOld) return logs;
    // scipy.stats.gmean is exp of the mean of the logarithms.
    const mean = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
    return kept.map((p) => preciseLog(p / mean));
  }
  const p = kept[1]!;
  const logit = isOld ? preciseLog(p / (1 - p)) : scipyLogit(p);
  return [link === "half_logit" ? 0.5 * logit : logit];
}

/** scipy.special.logit: near one half it is taken from both sides of it (xsf/log_exp.h, logit). */
function scipyLogit(p: number): number {
  if (p < 0.3 || p > 0.65) return preciseLog(p / (1 - p));
  const s = 2 * (p - 0.5);
  return Math.log1p(s) - Math.log1p(-s);
}

function emitLink({ g }: Emission, probabilities: Value, classes: number, { link, isOld, least }: Rules): Value {
  const axis = g.constant(int64([1]));
  const own =
    link === "multinomial"
      ? probabilities
      : g.op("Slice", [probabilities, g.constant(int64([classes - 1])), g.constant(int64([classes])), axis]);
  const kept = g.op("Min", [g.op("Max", [own, scalar(g, least)]), scalar(g, 1 - least)]);
  if (link === "multinomial") {
    const logs = g.op("Log", [kept]);
    if (isOld) return logs;
    const mean = g.op("Exp", [g.op("ReduceMean", [logs, axis], { keepdims: 1 })]);
    return g.op("Log", [g.op("Div", [kept, mean])]);
  }
  const logit = g.op("Log", [g.op("Div", [kept, g.op("Sub", [scalar(g, 1), kept])])]);
  return link === "half_logit" ? g.op("Mul", [scalar(g, 0.5), logit]) : logit;
}

function column({ g }: Emission, value: Value): Value {
  return g.op("Reshape", [value, g.constant(int64([-1, 1]))]);
}
