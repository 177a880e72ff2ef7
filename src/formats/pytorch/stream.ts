// pytorch-stream: what torch.save wrote before 1.6 (and still does when asked): pickles of a magic number, a protocol version, the machine, the
// object and the keys of its storages, then the storages. Rule: torch/serialization.py (_legacy_save, _legacy_load).
import { bytesFollow, IngotError } from "../../core/index.ts";
import type { FileSource, Format } from "../format.ts";
import { readPickle } from "../pickle/machine.ts";
import { walkPickle } from "../pickle/walk.ts";
import { PyGlobal, PyList, PyPersistent, PyTuple, type PyValue } from "../python/values.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import { type Checkpoint, describeCheckpoint } from "./describe.ts";
import { isTorchStream } from "./stream_magic.ts";
import { rootName, storages, tensorsIn } from "./tensors.ts";

/** Magic number, protocol version, machine, object, keys. */
const pickles = 5;
const largestPickles = 512 * 2 ** 20;
const visitLimit = 2_000_000;

export interface StreamStorage {
  readonly key: string;
  /** Where its elements are; eight bytes before them say how many. */
  readonly start: number;
  readonly end: number;
}

export const pytorchStream: Format<Checkpoint> = {
  id: "pytorch-stream",
  title: "PyTorch (before 1.6)",
  firstBytes: "\x80",
  detect: isTorchStream,
  async read(file) {
    const { value, keys, globals, end } = await readObjects(file);
    const placed = await storagesOf(file, end, keys, elementSizes(value, file.name));
    const sizes = new Map(placed.map((one) => [one.key, one.end - one.start]));
    return {
      source: file.name,
      format: "pytorch-stream",
      root: rootName(value),
      tensors: tensorsIn(value, sizes, file.name),
      code: 0,
      globals,
    };
  },
  describe: describeCheckpoint,
  survey: surveyStream,
};

async function surveyStream(file: OpenFile, survey: Survey): Promise<void> {
  let at = 0;
  for (let i = 0; i < pickles; i++) {
    const walked = await walkPickle(file, survey, { start: at, persistent: true });
    if (!walked.complete) return;
    at = walked.end;
  }
  try {
    const { value, keys, end } = await readObjects(file);
    const placed = await storagesOf(file, end, keys, elementSizes(value, file.name));
    for (const { start, end: stop } of placed) survey.covered(start - 8, stop);
    const last = placed.at(-1)?.end ?? end;
    if (last < file.size)
      survey.observe({
        kind: "anomaly",
        subject: "trailing-data",
        at: last,
        detail: `${bytesFollow(file.size - last)} the last storage`,
      });
    tensorsIn(value, new Map(placed.map((one) => [one.key, one.end - one.start])), file.name);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    const subject = error.code === "FILE_TRUNCATED" ? "truncated" : "structure";
    survey.observe({ kind: "anomaly", subject, detail: error.what });
  }
}

/** As much of the file as the pickles take: storages of gigabytes may follow. @throws as `readPickle`; MODEL_INVALID */
async function readObjects(file: FileSource) {
  for (let size = 1 << 20; ; size *= 8)
    try {
      return objectsIn(await file.read(0, Math.min(size, largestPickles)), file);
    } catch (error) {
      const isWhole = size >= file.size || size >= largestPickles;
      if (isWhole || !(error instanceof IngotError) || error.code !== "FILE_TRUNCATED") throw error;
    }
}

/** The object and the keys of its storages, which lie from `end` on. */
function objectsIn(bytes: Uint8Array, file: FileSource) {
  const globals: string[] = [];
  const values: PyValue[] = [];
  let at = 0;
  for (let i = 0; i < pickles; i++) {
    const read = readPickle(bytes, file.name, { start: at });
    values.push(read.value);
    globals.push(...read.globals.map((global) => global.path));
    at = read.end;
  }
  const keys = values[4];
  if (!(keys instanceof PyList) || !keys.items.every((key) => typeof key === "string"))
    throw invalid(file, "the list of its storages is no list of keys");
  return { value: values[3]!, keys: keys.items as string[], globals, end: at };
}

/** Bytes per element of each storage that the object names. */
function elementSizes(root: PyValue, source: string): Map<string, number> {
  const sizes = new Map<string, number>();
  const seen = new Set<PyValue>();
  const open: PyValue[] = [root];
  for (let visits = 0; open.length > 0; visits++) {
    if (visits > visitLimit)
      throw new IngotError("FILE_TOO_LARGE", { what: `refers to more than ${visitLimit} objects`, where: source });
    const value = open.pop()!;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof PyPersistent) {
      const [kind, type, key] = value.id instanceof PyTuple ? value.id.items : [];
      const known = type instanceof PyGlobal ? storages[type.name] : undefined;
      if (kind === "storage" && typeof key === "string" && known) sizes.set(key, known[1]);
      continue;
    }
    for (const inner of Object.values(value)) pushInner(inner as PyValue | readonly PyValue[], open);
  }
  return sizes;
}

/** Items, pairs, arguments and state: whatever an object refers to. */
function pushInner(inner: unknown, open: PyValue[]): void {
  if (Array.isArray(inner)) for (const item of inner) pushInner(item, open);
  else if (typeof inner === "object" && inner !== null && !ArrayBuffer.isView(inner)) open.push(inner as PyValue);
}

/** @throws FILE_TRUNCATED, MODEL_INVALID */
async function storagesOf(
  file: FileSource,
  from: number,
  keys: readonly string[],
  sizes: ReadonlyMap<string, number>,
): Promise<StreamStorage[]> {
  const placed: StreamStorage[] = [];
  let at = from;
  for (const key of keys) {
    const size = sizes.get(key);
    if (size === undefined) throw invalid(file, `storage "${key}" belongs to no tensor`);
    const head = await file.read(at, at + 8);
    const count =
      head.length < 8 ? Number.NaN : Number(new DataView(head.buffer, head.byteOffset).getBigInt64(0, true));
    const end = at + 8 + count * size;
    if (!(count >= 0) || !(end <= file.size))
      throw new IngotError("FILE_TRUNCATED", {
        what: `storage "${key}" reaches beyond the end of the file`,
        where: `${file.name} at byte ${at}`,
        fix: "the file is incomplete or damaged: save it again",
      });
    placed.push({ key, start: at + 8, end });
    at = end;
  }
  return placed;
}

function invalid(file: FileSource, what: string): IngotError {
  return new IngotError("MODEL_INVALID", { what: `PyTorch: ${what}`, where: file.name });
}
