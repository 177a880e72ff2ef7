// safetensors: a JSON header and the bytes of tensors. The header is read, the bytes are skipped.
import { counted, IngotError, quoted } from "../../core/index.ts";
import type { FileSource, Format, ModelDescription } from "../format.ts";
import { isObject, readJson } from "../json/index.ts";
import { describeTensors } from "../tensors.ts";
import { type Layout, layoutOf, type Problem, type SafeTensor } from "./layout.ts";

export type { SafeTensor } from "./layout.ts";

export interface SafetensorsModel {
  readonly tensors: readonly SafeTensor[];
  readonly metadata: readonly (readonly [string, string])[];
  /** Where the data begins in the file. */
  readonly dataStart: number;
}

/** What the reference implementation accepts. */
const largestHeader = 100_000_000;

export const safetensors: Format<SafetensorsModel> = {
  id: "safetensors",
  title: "safetensors",
  detect: isSafetensors,
  async read(file) {
    const { layout, dataStart } = await examine(file);
    const problem = layout.problems[0];
    if (problem)
      throw new IngotError(problem.subject === "truncated" ? "FILE_TRUNCATED" : "FILE_MALFORMED", {
        what: problem.detail,
        where: file.name,
        fix: "write the file again with the safetensors library",
      });
    return { tensors: layout.tensors, metadata: layout.metadata, dataStart };
  },
  describe: describeSafetensors,
  async survey(file, survey) {
    try {
      const { layout, dataStart } = await examine(file);
      for (const problem of layout.problems) survey.observe({ kind: "anomaly", ...problem });
      survey.covered(0, dataStart);
      for (const { start, end } of layout.tensors) survey.covered(dataStart + start, dataStart + end);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "header", at: 0, detail: error.message });
    }
  },
};

function isSafetensors(head: Uint8Array): boolean {
  if (head.length < 10 || head[8] !== 0x7b) return false;
  const text = Buffer.from(head.subarray(8, 4096)).toString("latin1");
  if (!/^\{\s*("|\}\s*$|\}\0)/.test(text) && !/^\{\s*\}/.test(text)) return false;
  // A length beyond all files is an attack on readers; what follows must then say what it is.
  return (head[5] === 0 && head[6] === 0 && head[7] === 0) || /"data_offsets"\s*:/.test(text);
}

async function examine(file: FileSource): Promise<{ layout: Layout; dataStart: number }> {
  const refuse = (what: string, code: "FILE_MALFORMED" | "FILE_TRUNCATED" | "FILE_TOO_LARGE" = "FILE_MALFORMED") =>
    new IngotError(code, { what, where: file.name, fix: "do not load it; write the file again" });
  const prefix = await file.read(0, 8);
  if (prefix.length < 8) throw refuse("has no header", "FILE_TRUNCATED");
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(largestHeader))
    throw refuse(`its header claims ${length} bytes, at most ${largestHeader} are allowed`, "FILE_TOO_LARGE");
  const dataStart = 8 + Number(length);
  if (dataStart > file.size)
    throw refuse(`its header claims ${length} bytes, the file holds ${file.size - 8}`, "FILE_TRUNCATED");
  const header = await file.read(8, dataStart);
  if (header[0] !== 0x7b) throw refuse("its header does not begin with `{`");
  const { value, duplicates } = readJson(header, `${file.name}: header`, { depth: 16, values: 20_000_000 });
  if (!isObject(value)) throw refuse("its header is not an object");
  const layout = layoutOf(value, file.size - dataStart);
  const repeated = duplicates.map(
    (key): Problem => ({ subject: "duplicate", detail: `the key ${quoted(key)} stands twice in the header` }),
  );
  return { layout: { ...layout, problems: [...repeated, ...layout.problems] }, dataStart };
}

function describeSafetensors(model: SafetensorsModel): ModelDescription {
  const weights = describeTensors(
    model.tensors.map(({ name, dtype, shape, start, end }) => ({ name, dtype, shape, bytes: end - start })),
  );
  const made = new Map(model.metadata).get("format");
  return {
    format: "safetensors",
    ...(made === undefined
      ? {}
      : { producer: { name: { pt: "PyTorch", tf: "TensorFlow", np: "NumPy" }[made] ?? made } }),
    task: "unknown",
    summary: `${counted(model.tensors.length, "tensor")}, ${counted(weights.parameters ?? 0, "parameter")}`,
    inputs: [],
    outputs: [],
    ...weights,
    facts: [
      ...weights.facts,
      ...model.metadata
        .slice(0, 20)
        .map(([key, value]): [string, string] => [`metadata ${quoted(key)}`, quoted(value, 100)]),
    ],
  };
}
