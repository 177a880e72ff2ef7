// From what an estimator can do to the outputs of its graph, and the same of its evaluation.
import type { OutputSpec } from "../../core/index.ts";
import { bool, float64, type GraphBuilder, int64, strings, type Tensor, type Value } from "../../onnx/index.ts";
import type { Tolerance } from "../converter.ts";
import { widthOf } from "./columns.ts";
import type { Classes, Columns, Emission, Matrix, Step, Table } from "./estimator.ts";

const exact: Tolerance = { exact: true };
/** Sums in another order, exp and log of another library: docs/exactness.md has what was measured, which is far less. */
const near: Tolerance = { exact: false, absolute: 1e-9, relative: 1e-9 };

interface Output {
  readonly spec: Omit<OutputSpec, "dtype" | "layout">;
  readonly promise: Tolerance;
  emit(g: GraphBuilder): Value;
  evaluate(): Tensor;
}

export interface SklearnOutputs {
  readonly names: ReadonlySet<string>;
  emit(
    g: GraphBuilder,
    x: Columns,
    missingText: string,
  ): { readonly outputs: OutputSpec[]; readonly promises: Record<string, Tolerance> };
  evaluate(x: Table): Record<string, Tensor>;
}

/** A lazily made list: names are wanted before there is a graph. */
export function outputsOf(step: Step): SklearnOutputs {
  const plan = step.classify
    ? classOutputs
    : step.regress
      ? valueOutputs
      : step.detect
        ? outlierOutputs
        : step.cluster
          ? clusterOutputs
          : featureOutputs;
  return {
    names: new Set(reservedNames(step)),
    emit(g, x, missingText) {
      const outputs: OutputSpec[] = [];
      const promises: Record<string, Tolerance> = {};
      for (const output of plan(step, { emission: { g, missingText }, x }, null)) {
        const value = output.emit(g);
        g.output(value, output.spec.name);
        outputs.push({ ...output.spec, dtype: value.dtype, layout: "batch" });
        promises[output.spec.name] = output.promise;
      }
      return { outputs, promises };
    },
    evaluate: (x) => Object.fromEntries(plan(step, null, x).map((output) => [output.spec.name, output.evaluate()])),
  };
}

function reservedNames(step: Step): string[] {
  if (step.classify) {
    const suffixes = step.classify.targets.length > 1 ? step.classify.targets.map((_, target) => `_${target}`) : [""];
    return suffixes.flatMap((suffix) => [`label${suffix}`, `probabilities${suffix}`, `decision${suffix}`]);
  }
  if (step.regress) return ["prediction"];
  if (step.detect) return ["label", "decision", "score"];
  return step.cluster ? ["cluster", "probabilities", "distances"] : ["transformed"];
}

interface InGraph {
  readonly emission: Emission;
  readonly x: Columns;
}

type Plan = (step: Step, graph: InGraph | null, rows: Table | null) => Output[];

const classOutputs: Plan = (step, graph, rows) => {
  const { targets, isExact, isExactDecision, emit, evaluate } = step.classify!;
  const values = graph && emit(graph.x, graph.emission);
  const results = rows && evaluate(rows);
  return targets.flatMap((classes, target) => {
    const suffix = targets.length > 1 ? `_${target}` : "";
    const value = values?.[target];
    const result = results?.[target];
    const outputs: Output[] = [
      {
        spec: { name: `label${suffix}`, type: classType(classes), shape: [], role: "label" },
        promise: exact,
        emit: (g) => g.op("Gather", [g.constant(classTensor(classes), "classes"), value!.index], { axis: 0 }),
        evaluate: () => picked(classTensor(classes), result!.index),
      },
    ];
    const promise = isExact ? exact : (step.classify!.promise ?? near);
    if (value?.probabilities ?? result?.probabilities)
      outputs.push({
        spec: {
          name: `probabilities${suffix}`,
          type: "float",
          shape: [classes.length],
          role: "probabilities",
          classes: classes.map(String),
        },
        promise,
        emit: () => value!.probabilities!,
        evaluate: () => matrixTensor(result!.probabilities!),
      });
    if (value?.decision ?? result?.decision) {
      const single = value ? value.decision!.shape?.length === 1 : result!.decision!.columns === 1;
      const width = value ? (value.decision!.shape?.at(-1) ?? null) : result!.decision!.columns;
      const named = width === classes.length && !single ? { classes: classes.map(String) } : {};
      outputs.push({
        spec: { name: `decision${suffix}`, type: "float", shape: single ? [] : [width], role: "margin", ...named },
        promise: isExactDecision ? exact : promise,
        emit: () => value!.decision!,
        evaluate: () => (single ? float64(result!.decision!.data) : matrixTensor(result!.decision!)),
      });
    }
    return outputs;
  });
};

const valueOutputs: Plan = (step, graph, rows) => {
  const { targets, isExact, emit, evaluate } = step.regress!;
  return [
    {
      spec: { name: "prediction", type: "float", shape: targets === null ? [] : [targets], role: "value" },
      promise: isExact ? exact : (step.regress!.promise ?? near),
      emit: () => emit(graph!.x, graph!.emission),
      evaluate: () => {
        const matrix = evaluate(rows!);
        return targets === null ? float64(matrix.data) : matrixTensor(matrix);
      },
    },
  ];
};

const outlierOutputs: Plan = (step, graph, rows) => {
  const values = graph && step.detect!.emit(graph.x, graph.emission);
  const results = rows && step.detect!.evaluate(rows);
  return [
    {
      spec: { name: "label", type: "int", shape: [], role: "label" },
      promise: exact,
      emit: () => values!.label,
      evaluate: () => int64(results!.label),
    },
    {
      spec: { name: "decision", type: "float", shape: [], role: "margin" },
      promise: near,
      emit: () => values!.decision,
      evaluate: () => float64(results!.decision),
    },
    {
      spec: { name: "score", type: "float", shape: [], role: "value" },
      promise: near,
      emit: () => values!.score,
      evaluate: () => float64(results!.score),
    },
  ];
};

const clusterOutputs: Plan = (step, graph, rows) => {
  const { count, emit, evaluate } = step.cluster!;
  const value = graph && emit(graph.x, graph.emission);
  const result = rows && evaluate(rows);
  const outputs: Output[] = [
    {
      spec: { name: "cluster", type: "int", shape: [], role: "label" },
      promise: exact,
      emit: () => value!.index,
      evaluate: () => int64(result!.index),
    },
  ];
  if (value?.probabilities ?? result?.probabilities)
    outputs.push({
      spec: { name: "probabilities", type: "float", shape: [count], role: "probabilities" },
      promise: near,
      emit: () => value!.probabilities!,
      evaluate: () => matrixTensor(result!.probabilities!),
    });
  if (step.transform)
    outputs.push({
      ...featureOutputs(step, graph, rows)[0]!,
      spec: { name: "distances", type: "float", shape: [count], role: "value" },
    });
  return outputs;
};

/** A transformer by itself: one matrix, or one output per block where text is among them. */
const featureOutputs: Plan = (step, graph, rows) => {
  const columns = graph && step.transform!.emit(graph.x, graph.emission);
  const table = rows && step.transform!.evaluate(rows);
  const width = columns ? widthOf(columns) : table!.columns.length;
  const isText = columns
    ? columns.blocks.some(({ value }) => value.dtype === "string")
    : table!.columns.some((one) => !(one instanceof Float64Array));
  const texts =
    columns?.blocks.every(({ value }) => value.dtype === "string") ??
    table?.columns.every((one) => !(one instanceof Float64Array)) ??
    false;
  return [
    {
      spec: { name: "transformed", type: isText ? "string" : "float", shape: [width], role: "value" },
      promise: isText ? exact : near,
      emit: (g) => {
        const values = columns!.blocks.map(({ value }) =>
          isText && !texts && value.dtype !== "string" ? g.op("Cast", [value], { to: 8 }) : value,
        );
        return values.length === 1 ? values[0]! : g.op("Concat", values, { axis: 1 });
      },
      evaluate: () => tableTensor(table!, isText),
    },
  ];
};

function tableTensor({ rows, columns }: Table, isText: boolean): Tensor {
  const width = columns.length;
  if (isText)
    return strings(
      Array.from({ length: rows * width }, (_, at) => String(columns[at % width]![Math.floor(at / width)] ?? "")),
      [rows, width],
    );
  return float64(
    Float64Array.from({ length: rows * width }, (_, at) => columns[at % width]![Math.floor(at / width)] as number),
    [rows, width],
  );
}

const matrixTensor = ({ rows, columns, data }: Matrix): Tensor => float64(data, [rows, columns]);

function classType(classes: Classes): OutputSpec["type"] {
  if (classes.every((one) => typeof one === "boolean")) return "bool";
  if (classes.every((one) => Number.isSafeInteger(one))) return "int";
  return classes.every((one) => typeof one === "number") ? "float" : "string";
}

function classTensor(classes: Classes): Tensor {
  const type = classType(classes);
  if (type === "bool") return bool(classes as readonly boolean[]);
  if (type === "int") return int64(classes as readonly number[]);
  return type === "float" ? float64(classes as readonly number[]) : strings(classes.map(String));
}

function picked(classes: Tensor, index: Int32Array): Tensor {
  const dims = [index.length];
  if (Array.isArray(classes.data)) {
    const texts = classes.data;
    return strings(Array.from(index, (at) => texts[at]!));
  }
  const data = classes.data as Float64Array;
  const result = new (data.constructor as Float64ArrayConstructor)(index.length);
  index.forEach((at, row) => {
    result[row] = data[at]!;
  });
  return { dtype: classes.dtype, dims, data: result };
}
