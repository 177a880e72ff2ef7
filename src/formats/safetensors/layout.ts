// How the tensors of a safetensors file lie in it. Rule: safetensors/src/tensor.rs, Metadata::validate.
import { bytesFollow, quoted } from "../../core/index.ts";
import { isArray, isObject, type JsonObject, type JsonValue } from "../json/index.ts";
import type { AnomalySubject } from "../survey.ts";

/** Bits of one element. */
const bitsOf: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

export interface SafeTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the start of the data, which begins behind the header. */
  readonly start: number;
  readonly end: number;
}

export interface Problem {
  readonly subject: AnomalySubject;
  readonly detail: string;
}

export interface Layout {
  readonly tensors: readonly SafeTensor[];
  readonly metadata: readonly (readonly [string, string])[];
  readonly problems: readonly Problem[];
}

/** Everything in the header that breaks the format is a problem; `dataSize` is what the file has behind the header. */
export function layoutOf(header: JsonObject, dataSize: number): Layout {
  const problems: Problem[] = [];
  const tensors: SafeTensor[] = [];
  let metadata: Layout["metadata"] = [];
  const problem = (detail: string, subject: AnomalySubject = "structure") => problems.push({ subject, detail });
  for (const [name, entry] of header)
    if (name === "__metadata__") metadata = metadataOf(entry, problem);
    else {
      const tensor = tensorOf(name, entry, problem);
      if (tensor) tensors.push(tensor);
    }
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  let reached = 0;
  for (const { name, start, end } of tensors) {
    if (start < reached) problem(`tensor ${quoted(name)} overlaps another at byte ${start} of the data`);
    else if (start > reached) problem(`bytes ${reached} to ${start} of the data belong to no tensor`);
    reached = Math.max(reached, end);
  }
  if (reached > dataSize)
    problem(`the tensors need ${reached} bytes, the file holds ${Math.max(0, dataSize)}`, "truncated");
  else if (reached < dataSize) problem(`${bytesFollow(dataSize - reached)} the last tensor`, "trailing-data");
  return { tensors, metadata, problems };
}

type Tell = (detail: string, subject?: AnomalySubject) => void;

function metadataOf(entry: JsonValue, problem: Tell): Layout["metadata"] {
  if (!isObject(entry)) {
    problem("`__metadata__` is not an object", "header");
    return [];
  }
  const pairs: [string, string][] = [];
  for (const [key, value] of entry)
    if (typeof value === "string") pairs.push([key, value]);
    else problem(`\`__metadata__\` holds something else than text under ${quoted(key)}`, "header");
  return pairs;
}

function tensorOf(name: string, entry: JsonValue, problem: Tell): SafeTensor | null {
  const tell = (what: string) => {
    problem(`tensor ${quoted(name)} ${what}`, "header");
    return null;
  };
  if (!isObject(entry)) return tell("is not described by an object");
  const extra = [...entry.keys()].find((key) => !["dtype", "shape", "data_offsets"].includes(key));
  if (extra !== undefined) tell(`has an unknown property ${quoted(extra)}`);
  const dtype = entry.get("dtype");
  if (typeof dtype !== "string" || !Object.hasOwn(bitsOf, dtype))
    return tell(`is of the unknown type ${quoted(String(dtype))}`);
  const shape = sizesOf(entry.get("shape"));
  if (!shape) return tell("has no valid shape");
  const offsets = sizesOf(entry.get("data_offsets"));
  if (offsets?.length !== 2 || offsets[0]! > offsets[1]!) return tell("has no valid offsets");
  const [start, end] = [offsets[0]!, offsets[1]!];
  const bits = shape.reduce((product, size) => product * BigInt(size), BigInt(bitsOf[dtype]!));
  if (bits !== BigInt(end - start) * 8n)
    return tell(`of ${dtype} [${shape.slice(0, 8).join(", ")}] cannot take ${end - start} bytes`);
  return { name, dtype, shape, start, end };
}

/** Non-negative whole numbers. More than 64 of them are no shape. */
function sizesOf(value: JsonValue | undefined): readonly number[] | null {
  if (!isArray(value) || value.length > 64) return null;
  const sizes = value.filter((size): size is number => Number.isSafeInteger(size) && (size as number) >= 0);
  return sizes.length === value.length ? sizes : null;
}
