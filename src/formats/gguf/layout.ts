// Where the tensors of a GGUF file lie, and everything about it that its format does not allow. Rule: ggml/src/gguf.cpp.
import { bytesFollow, quoted } from "../../core/index.ts";
import type { AnomalySubject } from "../survey.ts";
import type { GgufHeader } from "./header.ts";
import { tensorTypes } from "./tensor_types.ts";

export interface GgufTensor {
  readonly name: string;
  readonly type: string;
  /** In GGML's order: the fastest running size first. */
  readonly shape: readonly number[];
  /** In the file. */
  readonly start: number;
  readonly bytes: number;
}

export interface GgufLayout {
  readonly tensors: readonly GgufTensor[];
  readonly alignment: number;
  readonly problems: readonly { readonly subject: AnomalySubject; readonly detail: string }[];
}

const largestAlignment = 1 << 20;

export function layoutOf(header: GgufHeader, fileSize: number): GgufLayout {
  const problems: { subject: AnomalySubject; detail: string }[] = [];
  const problem = (subject: AnomalySubject, detail: string) => problems.push({ subject, detail });
  for (const name of header.duplicates.slice(0, 20)) problem("duplicate", `${quoted(name)} stands twice in the header`);
  const given = header.metadata.get("general.alignment") ?? 32;
  let alignment = typeof given === "number" ? given : 0;
  if (!(alignment > 0 && alignment <= largestAlignment && Number.isInteger(Math.log2(alignment)))) {
    problem("header", `the alignment ${quoted(typeof given === "object" ? "array" : given)} is not a power of 2`);
    alignment = 32;
  }
  const dataStart = Math.ceil(header.end / alignment) * alignment;
  const tensors: GgufTensor[] = [];
  for (const { name, shape, type, offset } of header.tensors) {
    const kind = tensorTypes.get(type);
    if (!kind) {
      problem("header", `tensor ${quoted(name)} is of the unknown type ${type}`);
      continue;
    }
    const elements = shape.reduce((product, size) => product * size, 1n);
    if ((shape[0] ?? 1n) % BigInt(kind.elements) !== 0n)
      problem("header", `tensor ${quoted(name)} has rows of ${shape[0]}, which are not whole blocks of ${kind.name}`);
    const bytes = (elements / BigInt(kind.elements)) * BigInt(kind.bytes);
    if (elements > BigInt(Number.MAX_SAFE_INTEGER) || BigInt(dataStart) + offset + bytes > BigInt(fileSize)) {
      problem(
        elements > 2n ** 62n ? "header" : "truncated",
        `tensor ${quoted(name)} needs ${bytes} bytes at ${BigInt(dataStart) + offset}, the file holds ${fileSize}`,
      );
      continue;
    }
    if (offset % BigInt(alignment) !== 0n)
      problem("structure", `tensor ${quoted(name)} is not aligned to ${alignment} bytes`);
    tensors.push({
      name,
      type: kind.name,
      shape: shape.map(Number),
      start: dataStart + Number(offset),
      bytes: Number(bytes),
    });
  }
  observeGaps(tensors, header.tensors.length === tensors.length, header.end, fileSize, alignment, problem);
  return { tensors, alignment, problems };
}

/** Tensors must not share bytes, and nothing but padding lies between them. */
function observeGaps(
  tensors: readonly GgufTensor[],
  isComplete: boolean,
  headerEnd: number,
  fileSize: number,
  alignment: number,
  problem: (subject: AnomalySubject, detail: string) => void,
): void {
  let reached = headerEnd;
  for (const { name, start, bytes } of [...tensors].sort((a, b) => a.start - b.start || a.bytes - b.bytes)) {
    if (start < reached) problem("structure", `tensor ${quoted(name)} overlaps what lies before it`);
    else if (isComplete && start - reached >= alignment)
      problem("structure", `bytes ${reached} to ${start} belong to no tensor`);
    reached = Math.max(reached, start + bytes);
  }
  if (isComplete && fileSize - reached >= alignment)
    problem("trailing-data", `${bytesFollow(fileSize - reached)} the last tensor`);
}
