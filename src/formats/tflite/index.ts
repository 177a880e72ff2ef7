// tflite: models of TensorFlow Lite (LiteRT). Rule: tensorflow/compiler/mlir/lite/schema/schema.fbs.
import { type ColumnType, counted, type Dim, IngotError } from "../../core/index.ts";
import { FlatTable, hasIdentifier } from "../flatbuffers/reader.ts";
import type { Format, ModelDescription } from "../format.ts";
import { builtinOperators } from "./operators.ts";

interface TfliteTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly Dim[];
  /** Bytes of a constant, 0 for what is computed. */
  readonly size: number;
  readonly quantized: boolean;
}

interface TfliteGraph {
  readonly name: string;
  readonly tensors: readonly TfliteTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Name of each node's operator. */
  readonly operators: readonly string[];
}

interface TfliteModel {
  readonly version: number;
  readonly description: string;
  readonly graphs: readonly TfliteGraph[];
  readonly customOperators: readonly string[];
  readonly metadata: readonly string[];
}

const identifier = "TFL3";
/** `BuiltinOperator_CUSTOM`. */
const custom = 32;
const dtypes = [
  "float32",
  "float16",
  "int32",
  "uint8",
  "int64",
  "string",
  "bool",
  "int16",
  "complex64",
  "int8",
  "float64",
  "complex128",
  "uint64",
  "resource",
  "variant",
  "uint32",
  "uint16",
  "int4",
  "bfloat16",
  "int2",
  "uint4",
];

export const tflite: Format<TfliteModel> = {
  id: "tflite",
  title: "TensorFlow Lite (LiteRT)",
  detect: (head) => hasIdentifier(head, identifier),
  read: async (file) => readTflite(await file.readAll(), file.name),
  describe: describeTflite,
  async survey(file, survey) {
    try {
      const model = await tflite.read(file);
      for (const name of model.customOperators)
        survey.observe({
          kind: "operator",
          domain: "tflite-custom",
          name,
          node: "",
          detail: "needs code that the file does not hold",
        });
      survey.covered(0, file.size);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

function readTflite(bytes: Uint8Array, source: string): TfliteModel {
  const root = FlatTable.root(bytes, source, identifier);
  const codes = root.tables(1).map((code) => {
    // Numbers above 127 do not fit the older field.
    const builtin = Math.max(code.int8(0), code.int32(3));
    return builtin === custom
      ? { name: code.text(1), isCustom: true }
      : { name: builtinOperators[builtin] ?? `operator ${builtin}`, isCustom: false };
  });
  const buffers = root.tables(4).map((buffer) => buffer.raw(0, 1).length + Number(buffer.uint64(2)));
  const graphs = root.tables(2).map((graph): TfliteGraph => {
    const tensors = graph.tables(0).map((tensor): TfliteTensor => {
      const signature = tensor.int32s(7);
      const shape = signature.length > 0 ? signature : tensor.int32s(0);
      return {
        name: tensor.text(3),
        dtype: dtypes[tensor.int8(1)] ?? `type ${tensor.int8(1)}`,
        shape: Array.from(shape, (size) => (size < 0 ? null : size)),
        size: buffers[tensor.uint32(2)] ?? 0,
        quantized: (tensor.table(4)?.raw(2, 4).length ?? 0) > 0,
      };
    });
    const checked = (field: number) => {
      const indices = Array.from(graph.int32s(field));
      const wrong = indices.find((index) => index < 0 || index >= tensors.length);
      if (wrong !== undefined)
        throw new IngotError("MODEL_INVALID", {
          what: `a graph names tensor ${wrong} of ${tensors.length}`,
          where: source,
        });
      return indices;
    };
    const operators = graph.tables(3).map((operator) => codes[operator.uint32(0)]?.name ?? "unknown");
    return { name: graph.text(4), tensors, inputs: checked(1), outputs: checked(2), operators };
  });
  return {
    version: root.uint32(0),
    description: root.text(3),
    graphs,
    customOperators: codes.filter((code) => code.isCustom).map((code) => code.name),
    metadata: root.tables(6).map((entry) => entry.text(0)),
  };
}

function describeTflite(model: TfliteModel): ModelDescription {
  const main = model.graphs[0];
  const tensor = (index: number) => {
    const { name, dtype, shape } = main!.tensors[index]!;
    return { name, type: columnTypeOf(dtype), shape: shape.slice(1) };
  };
  const constants = model.graphs.flatMap((graph) => graph.tensors.filter((one) => one.size > 0));
  const sizes = new Map<string, number>();
  let parameters = 0;
  for (const { dtype, shape, size } of constants) {
    sizes.set(dtype, (sizes.get(dtype) ?? 0) + size);
    parameters += shape.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 0), 1);
  }
  const counts = new Map<string, number>();
  for (const name of model.graphs.flatMap((graph) => graph.operators)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const quantized = constants.filter((one) => one.quantized).length;
  return {
    format: "tflite",
    formatVersion: String(model.version),
    producer: { name: model.description || "TensorFlow Lite" },
    task: "unknown",
    summary: `${counted(model.graphs.length, "graph")}, ${counted(main?.operators.length ?? 0, "operator")}`,
    inputs: main?.inputs.map(tensor) ?? [],
    outputs: main?.outputs.map(tensor) ?? [],
    facts: [
      ["parameters", parameters],
      ["constants", [...sizes].map(([dtype, size]) => `${dtype} ${counted(size, "byte")}`).join(", ") || "none"],
      ["quantized", quantized === 0 ? "no" : `${quantized} of ${constants.length} constants`],
      [
        "operators",
        [...counts]
          .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
          .map(([name, count]) => `${name} × ${count}`)
          .join(", "),
      ],
      ...(model.customOperators.length > 0 ? [["custom operators", model.customOperators.join(", ")] as const] : []),
      ...(model.metadata.length > 0 ? [["metadata", model.metadata.join(", ")] as const] : []),
    ],
  };
}

function columnTypeOf(dtype: string): ColumnType {
  return dtype === "string" ? "string" : dtype === "bool" ? "bool" : /^u?int/.test(dtype) ? "int" : "float";
}
