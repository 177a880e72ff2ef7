// What goes into a graph and what comes out, in the words of the schema.
import type { ColumnType, Dim, DType } from "../../core/index.ts";
import { type Graph, inferModel, type Model, type ValueInfo, type ValueType } from "../../onnx/index.ts";

/** Values that a caller must send: initializers of an input's name are its default, so it is not one. */
export function graphInputs(graph: Graph): ValueInfo[] {
  const initialized = new Set(graph.initializers.map((initializer) => initializer.name));
  return graph.inputs.filter((input) => !initialized.has(input.name));
}

/** The outputs, with types and sizes that the file leaves open inferred. */
export function graphOutputs(model: Model): ValueInfo[] {
  const facts = inferModel(model);
  return model.graph.outputs.map((output) => {
    const fact = facts.get(output.name);
    const { type } = output;
    if (!fact || (type && type.kind !== "tensor")) return output;
    const dtype = type?.dtype ?? fact.dtype;
    return { ...output, type: { kind: "tensor", dtype, shape: type?.shape ?? fact.shape } };
  });
}

/** Null for types that have no place in a record: complex numbers. */
export function columnType(dtype: DType): ColumnType | null {
  if (dtype === "string" || dtype === "bool") return dtype;
  if (dtype.startsWith("complex")) return null;
  return dtype.startsWith("int") || dtype.startsWith("uint") ? "int" : "float";
}

/** Sizes as a record's schema has them: negative ones are unknown. */
export function tensorDims(type: ValueType | null): Dim[] {
  return type?.kind === "tensor" ? [...(type.shape ?? [])] : [];
}

/** `float32 [N, 4]`, `sequence of map(int64, float32 [])`. */
export function valueTypeText(type: ValueType | null): string {
  if (!type) return "unknown";
  switch (type.kind) {
    case "tensor":
    case "sparse_tensor":
      return `${type.dtype ?? "unknown"} [${type.shape?.map((size) => size ?? "?").join(", ") ?? "…"}]`;
    case "sequence":
    case "optional":
      return `${type.kind} of ${valueTypeText(type.element)}`;
    case "map":
      return `map(${type.key}, ${valueTypeText(type.value)})`;
    case "unknown":
      return "unknown";
  }
}
