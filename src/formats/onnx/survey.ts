// What the rules of `scan` get to see of an ONNX model: paths to files outside, and operators that a library of native code provides.
// Rule: onnx/onnx.proto (IR 13). Every occurrence of every field is walked, where a reader keeps the last: nothing hides behind a merge.
import { IngotError } from "../../core/index.ts";
import { ProtobufReader } from "../../onnx/index.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";

type Message = keyof typeof messages;

/** Fields of each message: the nested message, or `""` for numbers, text and bytes that hold none. */
const messages = {
  model: {
    ...plain(1, 2, 3, 4, 5, 6),
    7: "graph",
    8: "opset",
    14: "entry",
    20: "training",
    25: "function",
    26: "configuration",
  },
  training: { 1: "graph", 2: "graph", 3: "entry", 4: "entry" },
  graph: {
    1: "node",
    ...plain(2, 10),
    5: "tensor",
    11: "value",
    12: "value",
    13: "value",
    14: "quantization",
    15: "sparse",
    16: "entry",
  },
  node: { ...plain(1, 2, 3, 4, 6, 7, 8), 5: "attribute", 9: "entry", 10: "device" },
  attribute: {
    ...plain(1, 2, 3, 4, 7, 8, 9, 13, 20, 21),
    5: "tensor",
    6: "graph",
    10: "tensor",
    11: "graph",
    14: "type",
    15: "type",
    22: "sparse",
    23: "sparse",
  },
  function: { ...plain(1, 4, 5, 6, 8, 10, 13), 7: "node", 9: "opset", 11: "attribute", 12: "value", 14: "entry" },
  tensor: { ...plain(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14), 13: "external", 16: "entry" },
  sparse: { 1: "tensor", 2: "tensor", ...plain(3) },
  value: { ...plain(1, 3), 2: "type", 4: "entry" },
  type: plain(1, 4, 5, 6, 7, 8, 9),
  opset: plain(1, 2),
  entry: plain(1, 2),
  external: plain(1, 2),
  quantization: { ...plain(1), 2: "entry" },
  configuration: plain(1, 2, 3),
  device: { ...plain(1, 3), 2: "" },
} as const satisfies Readonly<Record<string, Readonly<Record<number, string>>>>;

/** Domains that ONNX Runtime has built in. */
const builtIn = new Set([
  "",
  "ai.onnx",
  "ai.onnx.ml",
  "ai.onnx.training",
  "ai.onnx.preview.training",
  "com.microsoft",
  "com.microsoft.nchwc",
  "com.ms.internal.nhwc",
]);

const mostFiles = 10_000;
/** 64 KiB is what Windows aligns by. */
const widestPadding = 1 << 16;
const mostPadding = 64 << 20;

/** Operators and functions by domain, and files that tensors are in. */
interface Found {
  readonly operators: Map<string, { domain: string; name: string; node: string }>;
  readonly functions: Set<string>;
  readonly files: Map<string, [start: number, end: number][]>;
}

export async function surveyOnnx(file: OpenFile, survey: Survey): Promise<void> {
  const found: Found = { operators: new Map(), functions: new Set(), files: new Map() };
  try {
    const bytes = await file.readAll();
    const gaps: [number, number][] = [];
    walk(ProtobufReader.over(bytes, file.name), "model", found, (unknown) => {
      const start = unknown.byteOffset - bytes.byteOffset;
      gaps.push([start, start + unknown.length]);
    });
    cover(file.size, gaps, survey);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
    survey.observe({ kind: "unread", detail: error.what });
  }
  for (const [key, { domain, name, node }] of found.operators)
    if (!found.functions.has(key)) survey.observe({ kind: "operator", domain, name, node, detail: "custom operator" });
  for (const [path, ranges] of found.files) {
    survey.observe({ kind: "path", path, purpose: "weights are read from" });
    // Weights are numbers without a format of their own: the graph says what they are.
    survey.coveredBeside?.(path, await withPadding(file, path, ranges));
  }
}

function walk(
  reader: ProtobufReader,
  kind: Message,
  found: Found,
  unknown: (field: Uint8Array) => void,
  around: Record<string, string> = {},
): void {
  const fields: Readonly<Record<number, string>> = messages[kind];
  const texts: Record<number, string> = {};
  // Entries of a tensor say together where it lies.
  const external = kind === "tensor" ? {} : around;
  while (reader.next()) {
    const child = fields[reader.field];
    const { field } = reader;
    if (child === undefined) unknown(reader.skip());
    else if (child === "" || reader.wire !== 2) {
      if (reader.wire === 2 && isName(kind, field)) texts[field] = Buffer.from(reader.bytes()).toString("utf8");
      else reader.skip();
    } else walk(reader.message(), child as Message, found, unknown, external);
  }
  if (kind === "node") {
    const [name = "", operator = "", domain = ""] = [texts[3], texts[4], texts[7]];
    if (!builtIn.has(domain) && found.operators.size < 1000) {
      const key = `${domain}\0${operator}`;
      if (!found.operators.has(key))
        found.operators.set(key, { domain, name: operator, node: name || "a node without a name" });
    }
  }
  if (kind === "function") found.functions.add(`${texts[10] ?? ""}\0${texts[1] ?? ""}`);
  if (kind === "external" && texts[1] !== undefined) external[texts[1]] = texts[2] ?? "";
  if (kind === "tensor") keepFile(external, found);
}

/** Where a tensor lies outside: `offset` and `length` may be absent. */
function keepFile(external: Record<string, string>, found: Found): void {
  const { location } = external;
  if (location === undefined || (found.files.size >= mostFiles && !found.files.has(location))) return;
  const number = (text: string | undefined, absent: number) =>
    text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : absent;
  const start = number(external["offset"], 0);
  const ranges = found.files.get(location) ?? [];
  ranges.push([start, start + number(external["length"], Number.POSITIVE_INFINITY)]);
  found.files.set(location, ranges);
}

/** Writers align tensors in a file outside: what is between them is understood where it is zeros. */
async function withPadding(file: OpenFile, path: string, ranges: [start: number, end: number][]) {
  try {
    await using outside = await file.sibling?.(path);
    if (!outside) return ranges;
    const filled: [number, number][] = [];
    let at = 0;
    let read = 0;
    for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
      if (start > at && start - at <= widestPadding && start <= outside.size && read < mostPadding) {
        read += start - at;
        if ((await outside.read(at, start)).every((byte) => byte === 0)) filled.push([at, start]);
      }
      at = Math.max(at, end);
    }
    return [...ranges, ...filled];
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    // A path that is not safe is already told; a file that is missing is not part of what is scanned.
    return ranges;
  }
}

/** Texts that are kept: names of operators and domains, and where external data lies. */
function isName(kind: Message, field: number): boolean {
  if (kind === "node") return field === 3 || field === 4 || field === 7;
  if (kind === "function") return field === 1 || field === 10;
  return kind === "external";
}

function cover(size: number, gaps: readonly (readonly [number, number])[], survey: Survey): void {
  let at = 0;
  for (const [start, end] of gaps) {
    survey.covered(at, start);
    at = end;
  }
  survey.covered(at, size);
  if (gaps.length > 0)
    survey.observe({
      kind: "unread",
      at: gaps[0]![0],
      detail: `${gaps.length} fields that ONNX (IR 13) does not have`,
    });
}

function plain<N extends number>(...fields: readonly N[]): Readonly<Record<N, "">> {
  return Object.fromEntries(fields.map((field) => [field, ""])) as Record<N, "">;
}
