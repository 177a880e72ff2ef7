// Result tensors to JSON text, compiled per schema: what decodeRecords and writeJson give, without the objects between them.
import type { OutputSpec, Schema } from "../../core/index.ts";
import type { Tensor, TensorData } from "../../onnx/index.ts";
import { missingText } from "../../pipeline/index.ts";
import { decodeRecords } from "../decode.ts";
import { writeJson } from "../json.ts";
import { shortestFloat32 } from "../shortest_float32.ts";

/** Results of `rows` records as one record, or as an array of them. @throws IngotError RUNTIME_FAILED as decodeRecords */
export type QuickWriter = (results: Readonly<Record<string, Tensor>>, rows: number, isArray: boolean) => string;

type WriteElement = (data: TensorData, index: number) => string;

interface Part {
  readonly spec: OutputSpec;
  /** What stands before the first element, between elements, and behind the last. */
  readonly before: string;
  readonly between: readonly string[] | string;
  readonly after: string;
}

export function quickWriter(schema: Schema): QuickWriter {
  const names = schema.outputs.map(({ name }) => name);
  const parts = schema.outputs.map((spec, index) => (isOrdered(names) ? partOf(spec, index) : null));
  return (results, rows, isArray) => {
    const columns = parts.map((part) => part && columnOf(part, results[part.spec.name], rows));
    if (!isArray && rows !== 1) throw new Error("one record is answered with one");
    // Anything unusual, errors included, goes the general way.
    if (columns.some((column) => column === null)) {
      const records = decodeRecords(schema, results, rows);
      return writeJson(isArray ? records : records[0]);
    }
    let text = isArray ? "[" : "";
    for (let row = 0; row < rows; row++) {
      text += row > 0 ? ",{" : "{";
      for (const column of columns) text += column!(row);
      text += "}";
    }
    return isArray ? `${text}]` : text;
  };
}

/** Members of an object that are named by numbers are ordered by rules of their own. */
function isOrdered(names: readonly string[]): boolean {
  return new Set(names).size === names.length && !names.some((name) => /^\d+$/.test(name) || name === "__proto__");
}

function partOf({ shape, classes, name, ...spec }: OutputSpec, index: number): Part | null {
  const before = `${index > 0 ? "," : ""}${JSON.stringify(name)}:`;
  const whole = { spec: { shape, name, ...spec, ...(classes ? { classes } : {}) } };
  if (spec.layout === "whole") return null;
  if (shape.length === 0) return { ...whole, before, between: "", after: "" };
  if (shape.length > 1) return null;
  if (!classes) return { ...whole, before: `${before}[`, between: ",", after: "]" };
  if (!isOrdered(classes)) return null;
  const keys = classes.map((label, i) => `${i > 0 ? "," : ""}${JSON.stringify(label)}:`);
  return { ...whole, before: `${before}{`, between: keys, after: "}" };
}

/** The text of one record's value; null where the tensor is not as simple as its spec. */
function columnOf(part: Part, tensor: Tensor | undefined, rows: number): ((row: number) => string) | null {
  const { spec, before, between, after } = part;
  if (!tensor || tensor.dims[0] !== rows) return null;
  const { dims, data } = tensor;
  const write = elementWriter(tensor);
  if (!write) return null;
  if (spec.shape.length === 0)
    return dims.slice(1).every((dim) => dim === 1) ? (row) => before + write(data, row) : null;
  const width = dims[1]!;
  if (dims.length !== 2 || (Array.isArray(between) && between.length !== width)) return null;
  if (typeof between === "string")
    return (row) => {
      let text = before;
      for (let i = 0; i < width; i++) text += (i > 0 ? between : "") + write(data, row * width + i);
      return text + after;
    };
  return (row) => {
    let text = before;
    for (let i = 0; i < width; i++) text += between[i]! + write(data, row * width + i);
    return text + after;
  };
}

function elementWriter({ dtype }: Tensor): WriteElement | null {
  switch (dtype) {
    case "float32":
      return (data, index) => numberText(shortestFloat32((data as Float32Array)[index]!));
    case "float64":
      return (data, index) => numberText((data as Float64Array)[index]!);
    case "bool":
      return (data, index) => ((data as Uint8Array)[index] === 0 ? "false" : "true");
    case "string":
      return (data, index) => (data[index] === missingText ? "null" : JSON.stringify(data[index]));
    case "float16":
    case "bfloat16":
      return null;
    default:
      return (data, index) => String(data[index]);
  }
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}
