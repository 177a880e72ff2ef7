// ort: ONNX Runtime's own format. Rule: onnxruntime/core/flatbuffers/schema/ort.fbs.
import { counted, type Dim, type DType, IngotError } from "../../core/index.ts";
import { byteLength, dataTypeOf, elementCount } from "../../onnx/index.ts";
import { FlatTable, hasIdentifier } from "../flatbuffers/reader.ts";
import type { Format, ModelDescription } from "../format.ts";
import { columnType } from "../onnx/index.ts";

interface OrtModel {
  readonly ortVersion: string;
  readonly irVersion: number;
  readonly opsets: readonly { domain: string; version: number }[];
  readonly producer: { readonly name: string; readonly version: string };
  readonly inputs: ModelDescription["inputs"];
  readonly outputs: ModelDescription["outputs"];
  /** `domain.operator` of each node. */
  readonly operators: readonly string[];
  readonly parameters: number;
  readonly metadata: readonly string[];
}

const identifier = "ORTM";
const standardDomains = new Set([
  "",
  "ai.onnx",
  "ai.onnx.ml",
  "com.microsoft",
  "com.microsoft.nchwc",
  "ai.onnx.preview.training",
]);

export const ort: Format<OrtModel> = {
  id: "ort",
  title: "ONNX Runtime (ORT format)",
  detect: (head) => hasIdentifier(head, identifier),
  read: async (file) => readOrt(await file.readAll(), file.name),
  describe: (model) => ({
    format: "ort",
    formatVersion: model.ortVersion,
    producer: {
      name: model.producer.name || "unknown",
      ...(model.producer.version ? { version: model.producer.version } : {}),
    },
    task: "unknown",
    summary: `${counted(model.operators.length, "node")}, ${counted(model.parameters, "parameter")}`,
    inputs: model.inputs,
    outputs: model.outputs,
    facts: [
      ["IR version", model.irVersion],
      ["opsets", model.opsets.map(({ domain, version }) => `${domain || "ai.onnx"} ${version}`).join(", ")],
      ["operators", [...new Set(model.operators)].sort().join(", ")],
    ],
  }),
  async survey(file, survey) {
    try {
      const model = await ort.read(file);
      for (const name of new Set(model.operators)) {
        const cut = name.lastIndexOf(".");
        const domain = cut < 0 ? "" : name.slice(0, cut);
        if (!standardDomains.has(domain))
          survey.observe({ kind: "operator", domain, name: name.slice(cut + 1), node: "" });
      }
      survey.covered(0, file.size);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

function readOrt(bytes: Uint8Array, source: string): OrtModel {
  const session = FlatTable.root(bytes, source, identifier);
  const model = session.table(1);
  const graph = model?.table(7);
  if (!model || !graph)
    throw new IngotError("MODEL_INVALID", {
      what: "holds no graph",
      where: source,
      fix: "convert the ONNX model again",
    });
  const values = new Map(graph.tables(1).map((value) => [value.text(0), value]));
  const initializers = graph.tables(0);
  const constants = new Set(initializers.map((tensor) => tensor.text(0)));
  const described = (name: string) => {
    const tensor = values.get(name)?.table(2)?.table(2);
    const dims = tensor?.table(1)?.tables(0) ?? [];
    return { name, type: columnType(dtypeOf(tensor?.int32(0) ?? 0)) ?? "float", shape: dims.slice(1).map(dimension) };
  };
  return {
    ortVersion: session.text(0),
    irVersion: Number(model.int64(0)),
    opsets: model.tables(1).map((opset) => ({ domain: opset.text(0), version: Number(opset.int64(1)) })),
    producer: { name: model.text(2), version: model.text(3) },
    inputs: graph
      .texts(5)
      .filter((name) => !constants.has(name))
      .map(described),
    outputs: graph.texts(6).map(described),
    operators: graph.tables(2).map((node) => (node.text(2) === "" ? node.text(5) : `${node.text(2)}.${node.text(5)}`)),
    parameters: initializers.reduce((sum, tensor) => sum + countOf(tensor, source), 0),
    metadata: model.tables(9).map((pair) => pair.text(0)),
  };
}

/** Elements of a stored tensor, whose bytes must be there. */
function countOf(tensor: FlatTable, source: string): number {
  const dims = Array.from(tensor.int64s(2), Number);
  const count = elementCount(dims);
  const dtype = dtypeOf(tensor.int32(3));
  if (tensor.has(4) && dtype !== "string" && tensor.raw(4, 1).length !== byteLength(dtype, count))
    throw new IngotError("MODEL_INVALID", { what: `tensor "${tensor.text(0)}" has the wrong size`, where: source });
  return count;
}

function dtypeOf(number: number): DType {
  return dataTypeOf(number)?.dtype ?? "float32";
}

function dimension(dim: FlatTable): Dim {
  const value = dim.table(0);
  if (value?.int8(0) === 1) return Number(value.int64(1));
  return value?.text(2) || null;
}
