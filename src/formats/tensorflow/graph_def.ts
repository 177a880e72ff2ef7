// TensorFlow graphs as they are stored. Rule: tensorflow/core/framework/{graph,node_def,function,attr_value,tensor,types}.proto.
import type { ColumnType, Dim } from "../../core/index.ts";
import type { MessageKind, ProtobufReader } from "../../onnx/index.ts";
import { integer, mapOf, message, readFields, text, wire } from "../protobuf/fields.ts";

export const tensorflowGraph: MessageKind = { code: "FILE_MALFORMED", what: "a TensorFlow graph" };

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:output` or, in functions, `node:name:output`; `^node` only orders. */
  readonly inputs: readonly string[];
  /** Text of a `Const` that holds one text, as far as it is UTF-8. */
  readonly constantText: string | null;
  /** Type and shape of a `Placeholder`. */
  readonly dtype: number;
  readonly shape: readonly Dim[] | null;
}

export interface GraphBody {
  /** Empty for the graph itself, else the library function. */
  readonly name: string;
  readonly nodes: readonly GraphNode[];
}

export interface TensorflowGraph {
  /** The graph, then the functions of its library. */
  readonly bodies: readonly GraphBody[];
  /** GraphDef version of the writer. */
  readonly producer: number;
}

export function readGraphDef(reader: ProtobufReader): TensorflowGraph {
  const nodes: GraphNode[] = [];
  const functions: GraphBody[] = [];
  let producer = 0;
  readFields(reader, {
    1: message((node) => nodes.push(readNode(node))),
    2: message((library) => readFields(library, { 1: message((body) => functions.push(readFunction(body))) })),
    4: message((versions) => readFields(versions, { 1: integer((value) => (producer = value)) })),
  });
  return { bodies: [{ name: "", nodes }, ...functions], producer };
}

function readFunction(reader: ProtobufReader): GraphBody {
  let name = "";
  const nodes: GraphNode[] = [];
  readFields(reader, {
    1: message((signature) => readFields(signature, { 1: text((value) => (name = value)) })),
    3: message((node) => nodes.push(readNode(node))),
  });
  return { name, nodes };
}

function readNode(reader: ProtobufReader): GraphNode {
  const node = {
    name: "",
    op: "",
    inputs: [] as string[],
    constantText: null as string | null,
    dtype: 0,
    shape: null as readonly Dim[] | null,
  };
  readFields(reader, {
    1: text((value) => (node.name = value)),
    2: text((value) => (node.op = value)),
    3: text((value) => node.inputs.push(value)),
    5: mapOf((key, value) => {
      if (key === "value") readFields(value, { 8: message((tensor) => (node.constantText = textOf(tensor))) });
      else if (key === "dtype") readFields(value, { 6: integer((type) => (node.dtype = type)) });
      else if (key === "shape") readFields(value, { 7: message((shape) => (node.shape = readShape(shape))) });
    }),
  });
  return node;
}

/** The text of a tensor that holds exactly one. */
function textOf(reader: ProtobufReader): string | null {
  const values: string[] = [];
  readFields(reader, {
    8: [wire.length, (field) => values.push(Buffer.from(field.bytes()).toString("utf8"))],
  });
  return values.length === 1 ? values[0]! : null;
}

/** Dimensions; null where even their number is unknown. */
export function readShape(reader: ProtobufReader): readonly Dim[] | null {
  const dims: Dim[] = [];
  let unknown = false;
  readFields(reader, {
    2: message((dim) => {
      let size: Dim = 0;
      readFields(dim, { 1: [wire.varint, (field) => (size = Number(field.int()))] });
      dims.push(size < 0 ? null : size);
    }),
    3: integer((value) => (unknown = value !== 0)),
  });
  return unknown ? null : dims;
}

/** Names of DataType, by number. */
const dtypes: Readonly<Record<number, string>> = {
  1: "float32",
  2: "float64",
  3: "int32",
  4: "uint8",
  5: "int16",
  6: "int8",
  7: "string",
  8: "complex64",
  9: "int64",
  10: "bool",
  11: "qint8",
  12: "quint8",
  13: "qint32",
  14: "bfloat16",
  17: "uint16",
  18: "complex128",
  19: "float16",
  20: "resource",
  21: "variant",
  22: "uint32",
  23: "uint64",
  24: "float8_e5m2",
  25: "float8_e4m3fn",
};

export function dtypeName(type: number): string {
  return dtypes[type] ?? `type ${type}`;
}

export function columnTypeOf(type: number): ColumnType {
  const name = dtypeName(type);
  return name === "string" ? "string" : name === "bool" ? "bool" : /^u?int/.test(name) ? "int" : "float";
}

/** Bytes per element, for parameter counts; 0 where it varies. */
export function dtypeSize(type: number): number {
  const name = dtypeName(type);
  if (name === "bool" || /8/.test(name)) return 1;
  if (/16/.test(name)) return 2;
  if (/128/.test(name)) return 16;
  if (/64/.test(name)) return 8;
  return /32/.test(name) ? 4 : 0;
}
