// Weights outside the protobuf file: what a model over 2 GiB needs. Rule: onnx/docs/ExternalData.md.
import { type FileHandle, lstat, open } from "node:fs/promises";
import { basename, join } from "node:path";
import { checkPath, IngotError, nodeCrypto } from "../core/index.ts";
import { byteLength } from "./data_types.ts";
import type { Model, StoredTensor } from "./model.ts";
import { storedTensor, tensorOf } from "./stored_tensor.ts";
import { elementCount } from "./tensor.ts";
import { mapTensors, tensorsOf } from "./walk.ts";
import { writeModel } from "./write.ts";

type External = StoredTensor["content"] & { kind: "external" };

/** Tensors start on a page, so that runtimes can map the file. */
const alignment = 4096;
const chunkSize = 1 << 20;

/**
 * Files beside the model that hold its tensors, relative to its folder, sorted.
 * @throws IngotError PATH_UNSAFE for a location outside the folder
 */
export function externalFiles(model: Model): string[] {
  const files = new Set<string>();
  for (const { name, content } of tensorsOf(model))
    if (content.kind === "external") files.add(checkPath(content.location, `external data of tensor "${name}"`));
  return [...files].sort();
}

/**
 * The same model with all external tensors in memory.
 * @param folder where the model file is; links are refused
 * @param limit bytes of all external tensors together
 * @throws IngotError PATH_UNSAFE, FILE_NOT_FOUND, FILE_TRUNCATED, FILE_TOO_LARGE, ONNX_MALFORMED (length or checksum differ)
 */
export async function loadExternal(model: Model, folder: string, limit = 2 ** 34): Promise<Model> {
  await using files = new ExternalFolder(folder);
  const loaded = new Map<StoredTensor, StoredTensor>();
  let total = 0;
  for (const tensor of tensorsOf(model)) {
    if (tensor.content.kind !== "external") continue;
    const length = await files.check(tensor);
    total += length;
    if (total > limit)
      throw new IngotError("FILE_TOO_LARGE", {
        what: `the model's weights take more than ${limit} bytes`,
        where: folder,
      });
    const bytes = new Uint8Array(length);
    let at = 0;
    for await (const chunk of files.read(tensor)) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    loaded.set(tensor, { ...tensor, content: { kind: "raw", bytes } });
  }
  return mapTensors(model, (tensor) => loaded.get(tensor) ?? tensor);
}

/** A model whose large tensors are to be in a second file. */
export interface Split {
  /** The model that names that file. */
  readonly model: Model;
  /** Size of that file in bytes; 0 when no tensor is large enough to leave the model. */
  readonly size: number;
  /** Its bytes, in chunks of at most 1 MiB, in constant memory. */
  data(): AsyncGenerator<Uint8Array>;
}

/**
 * Moves tensors out of the model, in their order, each aligned to 4 KiB. Deterministic.
 * @param location name of the second file, relative to the model's folder
 * @param options.folder where tensors that are already external are found
 * @param options.threshold tensors of fewer bytes stay in the model; default 1024
 */
export function splitExternal(
  model: Model,
  location: string,
  options: { folder?: string; threshold?: number } = {},
): Split {
  checkPath(location, "external data");
  const { folder, threshold = 1024 } = options;
  const moved: { tensor: StoredTensor; offset: number }[] = [];
  let size = 0;
  const split = mapTensors(model, (tensor) => {
    const { content, dtype, dims } = tensor;
    const isExternal = content.kind === "external";
    const length = isExternal ? externalLength(tensor, content) : byteLength(dtype, elementCount(dims));
    if (content.kind === "strings" || (!isExternal && length < threshold)) return tensor;
    if (isExternal && folder === undefined)
      throw new IngotError("ONNX_UNSUPPORTED", {
        what: `the elements of tensor "${tensor.name}" are in ${content.location}`,
        fix: "say in which folder that file is",
      });
    const offset = Math.ceil(size / alignment) * alignment;
    moved.push({ tensor, offset });
    size = offset + length;
    return {
      ...tensor,
      content: { kind: "external", location, offset: BigInt(offset), length: BigInt(length), extra: [] },
    };
  });
  return { model: split, size, data: () => dataOf(moved, folder) };
}

/**
 * Writes `path` and, when tensors are large enough, `path` + `.data` beside it. Memory use does not grow with the weights.
 * @returns the names of the files written, relative to the folder of `path`
 */
export async function writeExternal(
  model: Model,
  path: string,
  options: { folder?: string; threshold?: number } = {},
): Promise<string[]> {
  const name = basename(path);
  const split = splitExternal(model, `${name}.data`, options);
  if (split.size > 0) {
    await using file = await open(`${path}.data`, "w");
    for await (const chunk of split.data()) await file.writeFile(chunk);
  }
  await using file = await open(path, "w");
  await file.writeFile(writeModel(split.model));
  return split.size > 0 ? [name, `${name}.data`] : [name];
}

async function* dataOf(
  moved: readonly { tensor: StoredTensor; offset: number }[],
  folder: string | undefined,
): AsyncGenerator<Uint8Array> {
  await using files = new ExternalFolder(folder ?? ".");
  let at = 0;
  for (const { tensor, offset } of moved) {
    if (offset > at) yield new Uint8Array(offset - at);
    at = offset;
    for await (const chunk of tensor.content.kind === "external" ? files.read(tensor) : inMemory(tensor)) {
      yield chunk;
      at += chunk.length;
    }
  }
}

function* inMemory(tensor: StoredTensor): Generator<Uint8Array> {
  const { content } = storedTensor(tensor.name, tensorOf(tensor));
  if (content.kind !== "raw") return;
  for (let at = 0; at < content.bytes.length; at += chunkSize) yield content.bytes.subarray(at, at + chunkSize);
}

/** Bytes of an external tensor: what its shape says, which its entry must not contradict. */
function externalLength(tensor: StoredTensor, { length }: External): number {
  const needed = byteLength(tensor.dtype, elementCount(tensor.dims));
  if (tensor.dtype === "string")
    throw new IngotError("ONNX_MALFORMED", { what: `tensor "${tensor.name}" holds strings, which cannot be external` });
  if (length !== null && length !== BigInt(needed))
    throw new IngotError("ONNX_MALFORMED", {
      what: `external data of tensor "${tensor.name}" has ${length} bytes, its shape [${tensor.dims}] of ${tensor.dtype} needs ${needed}`,
    });
  return needed;
}

/** Open files of one folder; each is opened once and its checksum compared once. */
class ExternalFolder implements AsyncDisposable {
  readonly #folder: string;
  readonly #open = new Map<string, FileHandle>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Length in bytes of an external tensor whose file is long enough to hold it. */
  async check(tensor: StoredTensor): Promise<number> {
    const content = tensor.content as External;
    const length = externalLength(tensor, content);
    const { size } = await (await this.#file(tensor.name, content)).stat();
    if (Number(content.offset) + length > size) throw truncated(tensor.name, content.location, size);
    return length;
  }

  /** The bytes of an external tensor, in chunks of at most 1 MiB. */
  async *read(tensor: StoredTensor): AsyncGenerator<Uint8Array> {
    const content = tensor.content as External;
    const end = Number(content.offset) + (await this.check(tensor));
    const file = await this.#file(tensor.name, content);
    for (let at = Number(content.offset); at < end; ) {
      const chunk = new Uint8Array(Math.min(chunkSize, end - at));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) throw truncated(tensor.name, content.location, at);
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#open.values()) await file.close();
  }

  async #file(tensor: string, { location, extra }: External): Promise<FileHandle> {
    const existing = this.#open.get(location);
    if (existing) return existing;
    await this.#checkLinks(checkPath(location, `external data of tensor "${tensor}"`));
    const file = await open(join(this.#folder, location), "r");
    this.#open.set(location, file);
    const checksum = extra.find(([key]) => key === "checksum")?.[1];
    if (checksum) await verifyChecksum(file, location, checksum);
    return file;
  }

  /** A link could lead out of the folder, so no part of the path may be one. */
  async #checkLinks(location: string): Promise<void> {
    let path = this.#folder;
    for (const part of location.split("/")) {
      path = join(path, part);
      const found = await lstat(path).catch((cause: unknown) => {
        throw new IngotError("FILE_NOT_FOUND", {
          what: `the model's weights are in ${location}, which is not there`,
          where: this.#folder,
          fix: "put the file beside the model",
          cause,
        });
      });
      if (found.isSymbolicLink())
        throw new IngotError("PATH_UNSAFE", {
          what: `${location} is a link`,
          where: this.#folder,
          fix: "copy the files with links resolved (cp -L)",
        });
    }
  }
}

function truncated(tensor: string, location: string, size: number): IngotError {
  return new IngotError("FILE_TRUNCATED", {
    what: `external data of tensor "${tensor}" lies beyond byte ${size}, where the file ends`,
    where: location,
    fix: "the file is incomplete: copy or export it again",
  });
}

/** SHA-1 of the whole file, as onnx/docs/ExternalData.md says. */
async function verifyChecksum(file: FileHandle, location: string, expected: string): Promise<void> {
  const hash = nodeCrypto().createHash("sha1");
  const chunk = new Uint8Array(chunkSize);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) break;
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
  const found = hash.digest("hex");
  if (found !== expected.toLowerCase())
    throw new IngotError("ONNX_MALFORMED", {
      what: `checksum of the weights is ${found}, the model says ${expected}`,
      where: location,
      fix: "the model and its weights do not belong together: export them again",
    });
}
