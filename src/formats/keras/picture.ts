// A Keras model as people draw it: its layers in order, what goes in and what comes out.
import { type ColumnType, counted, type Dim } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { at, isArray, isObject, type JsonValue, textAt } from "../json/index.ts";

type Picture = Pick<ModelDescription, "task" | "summary" | "inputs" | "outputs" | "facts">;

interface Layer {
  readonly name: string;
  readonly className: string;
  readonly config: JsonValue;
  readonly object: JsonValue;
}

const shownLayers = 60;
/** Settings that tell layers apart, in the order of display. */
const shownSettings = [
  "units",
  "filters",
  "kernel_size",
  "strides",
  "pool_size",
  "rate",
  "input_dim",
  "output_dim",
  "activation",
  "function",
];

export function pictureOf(root: JsonValue): Picture {
  const config = at(root, "config") ?? null;
  const layers = layersOf(root);
  const kind = textAt(root, "class_name") ?? "model";
  const name = textAt(config, "name");
  const outputs = outputLayers(config, layers);
  return {
    task: taskOf(outputs),
    summary: `${kind}${name === undefined ? "" : ` "${name}"`} of ${counted(layers.length, "layer")}`,
    inputs: inputsOf(layers),
    outputs: outputs.map((layer) => ({ name: layer.name, type: "float" as const, shape: outputShape(layer) })),
    facts: layers
      .slice(0, shownLayers)
      .map((layer): [string, string] => [`  ${layer.name}`, `${layer.className}${settings(layer)}`])
      .concat(layers.length > shownLayers ? [["  …", `${layers.length - shownLayers} more layers`]] : []),
  };
}

function layersOf(root: JsonValue): Layer[] {
  const config = at(root, "config");
  // Sequential models of Keras 1 and early 2 are a list.
  const list = isArray(config) ? config : at(config, "layers");
  if (!isArray(list)) return [];
  return list.filter(isObject).map((object) => ({
    name: textAt(object, "config", "name") ?? textAt(object, "name") ?? "unnamed",
    className: textAt(object, "class_name") ?? "unknown",
    config: object.get("config") ?? null,
    object,
  }));
}

function settings(layer: Layer): string {
  const parts = shownSettings.flatMap((key) => {
    const value = at(layer.config, key);
    if (typeof value === "string") return value === "linear" ? [] : [`${key} ${value.slice(0, 40)}`];
    if (typeof value === "number") return [`${key} ${value}`];
    if (isArray(value)) return [`${key} ${value.map(String).join("×").slice(0, 40)}`];
    const named = textAt(value, "config", "name") ?? textAt(value, "class_name");
    return named === undefined ? [] : [`${key} ${named.slice(0, 40)}`];
  });
  return parts.length > 0 ? ` (${parts.join(", ")})` : "";
}

function inputsOf(layers: readonly Layer[]): ModelDescription["inputs"] {
  const given = layers.filter(({ className }) => className === "InputLayer");
  const sources = given.length > 0 ? given : layers.slice(0, 1);
  return sources.flatMap((layer) => {
    const shape =
      at(layer.config, "batch_shape") ??
      at(layer.config, "batch_input_shape") ??
      at(layer.object, "build_config", "input_shape");
    if (!isArray(shape)) return [];
    const dtype = textAt(layer.config, "dtype") ?? "float32";
    return [{ name: layer.name, type: columnType(dtype), shape: shape.slice(1).map(dimOf) }];
  });
}

/** The layers that the configuration names as outputs, else the last one. */
function outputLayers(config: JsonValue, layers: readonly Layer[]): Layer[] {
  const named = at(config, "output_layers");
  const names = new Set<string>();
  const open: JsonValue[] = named === undefined ? [] : [named];
  for (let item = open.pop(); item !== undefined; item = open.pop())
    if (isArray(item)) {
      if (typeof item[0] === "string") names.add(item[0]);
      else open.push(...item.slice(0, 1000));
    } else if (isObject(item)) open.push(...item.values());
  const found = layers.filter(({ name }) => names.has(name));
  return found.length > 0 ? found : layers.slice(-1);
}

function outputShape(layer: Layer): readonly Dim[] {
  const units = at(layer.config, "units");
  return typeof units === "number" ? [units] : [];
}

function taskOf(outputs: readonly Layer[]): ModelDescription["task"] {
  const [only] = outputs;
  if (!only || outputs.length > 1) return "unknown";
  const activation = textAt(only.config, "activation");
  const units = at(only.config, "units");
  if (activation === "softmax") return units === 2 ? "binary classification" : "multiclass classification";
  if (activation === "sigmoid" && units === 1) return "binary classification";
  return only.className === "Dense" && activation === "linear" ? "regression" : "unknown";
}

function dimOf(size: JsonValue): Dim {
  return typeof size === "number" ? size : null;
}

function columnType(dtype: string): ColumnType {
  return dtype === "string" ? "string" : dtype === "bool" ? "bool" : /^u?int/.test(dtype) ? "int" : "float";
}
