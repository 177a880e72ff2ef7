// pytorch-tar: what torch.save wrote before 0.2: a tar of the object, its tensors and its storages. Rule: torch/serialization.py
// (legacy_load), which still reads it.
import { ByteReader, IngotError } from "../../core/index.ts";
import { readPickle } from "../pickle/machine.ts";
import { surveyPickles } from "../pickle/survey.ts";
import { walkPickle } from "../pickle/walk.ts";
import { numberOf } from "../python/ndarray.ts";
import { PyGlobal, PyTuple, type PyValue } from "../python/values.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import type { StoredTensor } from "../tensors.ts";
import type { Tree, TreeFormat } from "../tree.ts";
import { type Checkpoint, describeCheckpoint } from "./describe.ts";
import { rootName, storages } from "./tensors.ts";

const largestMember = 512 * 2 ** 20;
const mostRecords = 1_000_000;
const mostDimensions = 64;

interface Record {
  readonly items: readonly PyValue[];
  /** Behind the pickle, and behind what follows it. */
  readonly data: number;
  readonly end: number;
}

export const pytorchTar: TreeFormat<Checkpoint> = {
  id: "pytorch-tar",
  title: "PyTorch (before 0.2)",
  detect(tree) {
    const names = new Set(tree.entries.map(({ path }) => path));
    return tree.container === "tar" && ["sys_info", "pickle", "storages", "tensors"].every((name) => names.has(name));
  },
  async read(tree) {
    const { value, globals } = readPickle(await member(tree, "pickle"), `${tree.name}!/pickle`);
    const tensors = tensorsOf(await member(tree, "tensors"), tree.name);
    return {
      source: tree.name,
      format: "pytorch-tar",
      root: rootName(value),
      tensors,
      code: 0,
      globals: globals.map((global) => global.path),
    };
  },
  describe: describeCheckpoint,
  memberSurvey(_tree, path) {
    if (path === "pickle" || path === "sys_info")
      return {
        isRaw: false,
        survey: async (file, survey) => void (await surveyPickles(file, survey, { persistent: true })),
      };
    if (path === "storages") return { isRaw: false, survey: (file, survey) => surveyRecords(file, survey, storageEnd) };
    if (path === "tensors") return { isRaw: false, survey: (file, survey) => surveyRecords(file, survey, tensorEnd) };
    return undefined;
  },
};

async function member(tree: Tree, path: string): Promise<Uint8Array> {
  await using file = await tree.open(path);
  return file.readAll(largestMember);
}

/** Number of elements, then the elements. */
function storageEnd(bytes: Uint8Array, at: number, [, , type]: readonly PyValue[], where: string): number {
  const known = type instanceof PyGlobal ? storages[type.name] : undefined;
  if (!known) throw invalid("a storage of an unknown type", where);
  const reader = new ByteReader(bytes, where, at);
  const count = Number(reader.i64(true));
  reader.take(count * known[1]);
  return reader.offset;
}

/** Dimensions, four bytes of nothing, sizes, strides, offset in the storage. */
function tensorEnd(bytes: Uint8Array, at: number, _items: readonly PyValue[], where: string): number {
  const reader = new ByteReader(bytes, where, at);
  const dimensions = reader.u32(true);
  if (dimensions > mostDimensions) throw invalid(`a tensor of ${dimensions} dimensions`, where);
  reader.take(4 + 16 * dimensions + 8);
  return reader.offset;
}

type EndOf = (bytes: Uint8Array, at: number, items: readonly PyValue[], where: string) => number;

/** A pickle of how many, then for each a pickle of a tuple and bytes that only this format knows. @throws MODEL_INVALID, FILE_* */
function recordsOf(bytes: Uint8Array, where: string, endOf: EndOf): Record[] {
  const first = readPickle(bytes, where);
  const count = numberOf(first.value);
  if (count === undefined || !(count >= 0 && count <= mostRecords)) throw invalid("a count that is none", where);
  const records: Record[] = [];
  let at = first.end;
  for (let i = 0; i < count; i++) {
    const { value, end } = readPickle(bytes, where, { start: at });
    if (!(value instanceof PyTuple)) throw invalid("a record that is no tuple", where);
    at = endOf(bytes, end, value.items, where);
    records.push({ items: value.items, data: end, end: at });
  }
  return records;
}

function tensorsOf(bytes: Uint8Array, source: string): StoredTensor[] {
  return recordsOf(bytes, `${source}!/tensors`, tensorEnd).map(({ items, data }, i) => {
    const reader = new ByteReader(bytes, source, data);
    const dimensions = reader.u32(true);
    reader.take(4);
    const shape = Array.from({ length: dimensions }, () => Number(reader.i64(true)));
    const kind = items[2] instanceof PyGlobal ? items[2].name.replace(/Tensor$/, "Storage") : "";
    const [dtype, size] = storages[kind] ?? ["unknown", 0];
    return { name: `tensor ${i}`, dtype, shape, bytes: shape.reduce((product, one) => product * one, size) };
  });
}

async function surveyRecords(file: OpenFile, survey: Survey, endOf: EndOf): Promise<void> {
  try {
    const bytes = await file.readAll(largestMember);
    // What would be imported is told by the walk, as of every pickle.
    let at = (await walkPickle(file, survey)).end;
    for (const { data, end } of recordsOf(bytes, file.name, endOf)) {
      await walkPickle(file, survey, { start: at });
      survey.covered(data, end);
      at = end;
    }
    // A list of views of storages ends `storages`.
    if (at < file.size) await surveyPickles(file, survey, { start: at });
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    await surveyPickles(file, survey);
    survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
  }
}

function invalid(what: string, where: string): IngotError {
  return new IngotError("MODEL_INVALID", { what: `PyTorch: ${what}`, where });
}
