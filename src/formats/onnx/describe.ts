// An ONNX model as `ingot inspect` shows it.
import { counted } from "../../core/index.ts";
import {
  elementCount,
  externalFiles,
  graphsIn,
  lintModel,
  type Model,
  nodesOf,
  type ValueInfo,
} from "../../onnx/index.ts";
import type { ModelDescription } from "../format.ts";
import { classifierOutput, classifiersOf, makersOf } from "./classes.ts";
import { columnType, graphInputs, graphOutputs, tensorDims, valueTypeText } from "./interface.ts";

/** Names that a list shows; the others are counted together. */
const listed = 12;
const regressors = new Set(["TreeEnsembleRegressor", "LinearRegressor", "SVMRegressor"]);

export function describeOnnx(model: Model): ModelDescription {
  const inputs = graphInputs(model.graph);
  const outputs = graphOutputs(model);
  const makers = makersOf(model.graph);
  const operators = operatorCounts(model);
  const parameters = parameterCount(model);
  const { producerName, producerVersion } = model;
  return {
    format: "onnx",
    formatVersion: `IR ${model.irVersion}`,
    ...(producerName === ""
      ? {}
      : { producer: { name: producerName, ...(producerVersion === "" ? {} : { version: producerVersion }) } }),
    task: taskOf(model),
    summary: `ONNX graph of ${counted(operators.total, "node")} and ${counted(parameters, "parameter")}`,
    inputs: inputs.map((input) => ({ name: input.name, type: typeOf(input), shape: tensorDims(input.type) })),
    outputs: outputs.map((output) => {
      const classes = classifierOutput(makers, output.name)?.classes;
      return {
        name: output.name,
        type: typeOf(output),
        shape: tensorDims(output.type),
        ...(classes ? { classes } : {}),
      };
    }),
    facts: [
      ["opset", model.opsetImports.map(({ domain, version }) => `${domain || "ai.onnx"} ${version}`).join(", ")],
      ["nodes", operators.total],
      ["operators", operators.text],
      ["parameters", parameters],
      ...inputs.map((input) => [`input ${input.name}`, valueTypeText(input.type)] as const),
      ...outputs.map((output) => [`output ${output.name}`, valueTypeText(output.type)] as const),
      ...optional(
        "local functions",
        model.functions.map(({ domain, name }) => `${domain}:${name}`),
      ),
      ...optional("external data", externalFiles(model)),
      ...model.metadata.slice(0, 20).map(([key, value]) => [`metadata ${key}`, value.slice(0, 200)] as const),
      ...lintModel(model).map(({ severity, message, where }) => [severity, `${where}: ${message}`] as const),
    ],
  };
}

function typeOf({ type }: ValueInfo) {
  return (type?.kind === "tensor" && type.dtype && columnType(type.dtype)) || "float";
}

function taskOf(model: Model): ModelDescription["task"] {
  const [classifier] = classifiersOf(model.graph);
  if (classifier) return (classifier.classes?.length ?? 2) > 2 ? "multiclass classification" : "binary classification";
  return model.graph.nodes.some((node) => node.domain === "ai.onnx.ml" && regressors.has(node.opType))
    ? "regression"
    : "unknown";
}

function operatorCounts(model: Model): { total: number; text: string } {
  const counts = new Map<string, number>();
  let total = 0;
  for (const { domain, opType } of nodesOf(model)) {
    const name = domain === "" || domain === "ai.onnx" ? opType : `${domain}:${opType}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    total++;
  }
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const text = sorted.slice(0, listed).map(([name, n]) => (n === 1 ? name : `${name} ×${n}`));
  if (sorted.length > listed) text.push(`${sorted.length - listed} more`);
  return { total, text: text.join(", ") };
}

/** Initializers, and the arrays of floats in Constant nodes: some exporters keep all weights there. */
function parameterCount(model: Model): number {
  let total = 0;
  for (const { initializers } of graphsIn(model)) for (const { dims } of initializers) total += elementCount(dims);
  for (const { opType, attributes } of nodesOf(model)) {
    if (opType !== "Constant") continue;
    for (const attribute of attributes)
      if (attribute.kind === "tensor" && attribute.value.dims.length > 0 && /float|double/.test(attribute.value.dtype))
        total += elementCount(attribute.value.dims);
  }
  return total;
}

function optional(label: string, values: readonly string[]): (readonly [string, string])[] {
  if (values.length === 0) return [];
  const more = values.length > listed ? `, ${values.length - listed} more` : "";
  return [[label, values.slice(0, listed).join(", ") + more]];
}
