// What a file is: a format, or an archive that holds one. By content only, never by name.
import { lstat } from "node:fs/promises";
import { cannotOpen, counted, IngotError } from "../core/index.ts";
import { containersOf, isCutZip, openFolder } from "./archive/index.ts";
import { compressionOf, decompress, decompressed } from "./compression/index.ts";
import type { FileSource, Format, ModelDescription } from "./format.ts";
import { joblib } from "./joblib/index.ts";
import { pickle } from "./pickle/index.ts";
import { type OpenFile, openFile } from "./source.ts";
import { candidatesFor, treeFormats } from "./tables.ts";
import { type Container, rootsOf, type Tree, type TreeFormat } from "./tree.ts";

/** How many leading bytes `detect` sees. */
const headSize = 64 * 1024;
/** Compressions inside each other that are looked through. */
const mostCompressed = 3;

/** The format of a file, or of the folder that it holds as an archive, by its content. @throws IngotError FORMAT_UNKNOWN */
export async function detectFormat(file: FileSource, depth = 0): Promise<Format> {
  const head = await file.read(0, headSize);
  for (const container of await containersOf(kept(file), head)) {
    await using tree = await container.open(kept(file));
    const format = await identifyTree(tree);
    return format ? packed(container, format) : listed(container);
  }
  const inside = depth < mostCompressed ? await compressedFormat(file, head, depth) : undefined;
  if (inside) return inside;
  const format = candidatesFor(head).find((candidate) => candidate.detect(head, file.size));
  if (format) return format;
  if (isCutZip(head))
    throw new IngotError("FILE_TRUNCATED", {
      what: "begins like a zip archive (PyTorch, Keras, NumPy …), whose end is missing",
      where: file.name,
      fix: "copy or download the file again and compare its digest",
    });
  throw new IngotError("FORMAT_UNKNOWN", { ...unknownContent(head), where: file.name });
}

/** What lies where a model was meant to be, more often than any unknown format. */
function unknownContent(head: Uint8Array): { readonly what: string; readonly fix: string } {
  if (head.length === 0) return { what: "the file is empty", fix: "copy or download it again" };
  const text = Buffer.from(head.subarray(0, 256)).toString("latin1");
  if (text.startsWith("version https://git-lfs.github.com/spec/"))
    return {
      what: "is a pointer of Git LFS: the model itself was not fetched",
      fix: "`git lfs pull` in the repository that it is from",
    };
  if (/^\s*<(!doctype html|html)[\s>]/i.test(text))
    return {
      what: "is a web page, not a model",
      fix: "open the address of the download in a browser: it may ask to log in, or name an error",
    };
  return { what: "no known format begins like this", fix: "see `ingot formats` for what can be read" };
}

/** What a compressed file holds, read through the compression; a compressed pickle is joblib's own affair. */
async function compressedFormat(file: FileSource, head: Uint8Array, depth: number): Promise<Format | undefined> {
  const compression = compressionOf(head);
  if (!compression) return undefined;
  const unpacked = async () => (await decompressed(decompress(compression, file), { name: file.name })).file;
  await using inner = await unpacked();
  const innerHead = await inner.read(0, headSize);
  const isCompressed = compressionOf(innerHead) !== undefined;
  if (pickle.detect(innerHead, inner.size) || (!isCompressed && joblib.detect(innerHead, inner.size)))
    return joblib as Format;
  const format = await detectFormat(inner, depth + 1);
  return {
    ...format,
    detect: () => true,
    async read() {
      await using whole = await unpacked();
      return format.read(whole);
    },
  };
}

/** The format that a folder of files is, undefined where it is none. It reads the folder that it was recognised in. */
async function identifyTree(tree: Tree): Promise<TreeFormat | undefined> {
  for (const { tree: root, prefix } of rootsOf(tree))
    for (const format of treeFormats)
      if (await format.detect(root)) return prefix === "" ? format : inFolder(format, prefix);
  return undefined;
}

function inFolder<M>(format: TreeFormat<M>, prefix: string): TreeFormat<M> {
  return {
    ...format,
    read: (tree) => format.read(rootsOf(tree).find((root) => root.prefix === prefix)?.tree ?? tree),
  };
}

/** A model as it was read, with the format that read it. */
export interface ModelRead {
  /** Null for a folder that is no model. */
  readonly format: Pick<Format, "id" | "title"> | null;
  readonly model: unknown;
  readonly description: ModelDescription;
  /** Bytes of the file; of a folder, of all its files. */
  readonly size: number;
}

/** Detects, reads and describes a model: a file, an archive or a folder; `name` is what messages call it. */
export async function readModelAt(path: string, name = path): Promise<ModelRead> {
  const status = await lstat(path).catch((cause) => {
    throw cannotOpen(cause, name);
  });
  if (status.isDirectory()) {
    await using tree = await openFolder(path, name);
    const size = tree.entries.reduce((sum, entry) => sum + entry.size, 0);
    const format = await identifyTree(tree);
    if (!format) return (await readOnlyModel(tree, size)) ?? (await readMembers(tree, size));
    const model = await format.read(tree);
    return { format, model, description: format.describe(model), size };
  }
  await using file = await openFile(path, name);
  const format = await detectFormat(file);
  const model = await format.read(file);
  return { format, model, description: format.describe(model), size: file.size };
}

/** The model of a folder that holds one and nothing else that is one (weights and texts beside it are no models). */
async function readOnlyModel(tree: Tree, size: number): Promise<ModelRead | null> {
  const files = tree.entries.filter(({ kind }) => kind === "file");
  const found: string[] = [];
  for (const { path } of files.slice(0, describedMembers)) {
    await using file = await tree.open(path);
    const head = await file.read(0, headSize);
    const isModel =
      candidatesFor(head).some((format) => format.detect(head, file.size)) ||
      (await containersOf(file, head)).length > 0;
    if (isModel) found.push(path);
  }
  if (found.length !== 1 || files.length > describedMembers) return null;
  await using file = await tree.open(found[0]!);
  const format = await detectFormat(file);
  const model = await format.read(file);
  const description = format.describe(model);
  return { format, model, description: { ...description, facts: [["file", found[0]!], ...description.facts] }, size };
}

async function readMembers(tree: Tree, size: number): Promise<ModelRead> {
  return { format: null, model: null, description: await describeMembers(tree, "a folder"), size };
}

/** What a model is: a file, an archive or a folder. */
export async function describeFile(path: string): Promise<ModelDescription> {
  return (await readModelAt(path)).description;
}

/** A format of folders as a format of files: the archive is opened, then read as a folder. */
function packed<M>(container: Container, format: TreeFormat<M>): Format<M> {
  return {
    id: format.id,
    title: format.title,
    detect: () => true,
    async read(file) {
      await using tree = await container.open(kept(file));
      return format.read(tree);
    },
    describe: (model) => format.describe(model),
  };
}

/** An archive that is no model: what it holds. */
function listed(container: Container): Format<ModelDescription> {
  return {
    id: container.id,
    title: container.title,
    detect: () => true,
    async read(file) {
      await using tree = await container.open(kept(file));
      return describeMembers(tree, container.title);
    },
    describe: (description) => description,
  };
}

/** Members that are described one by one; the others are counted. */
const describedMembers = 40;

async function describeMembers(tree: Tree, what: string): Promise<ModelDescription> {
  const facts: [string, string | number][] = [];
  const files = tree.entries.filter(({ kind }) => kind === "file");
  for (const { path } of files.slice(0, describedMembers)) {
    await using file = await tree.open(path);
    facts.push([path, await memberText(file)]);
  }
  if (files.length > describedMembers) facts.push(["more", counted(files.length - describedMembers, "file")]);
  return {
    format: tree.container,
    task: "unknown",
    summary: `${what} of ${counted(files.length, "file")}`,
    inputs: [],
    outputs: [],
    facts,
  };
}

async function memberText(file: OpenFile): Promise<string> {
  try {
    // Archives in archives are counted, not opened one into the other: forty of forty of forty is a long list.
    const [container] = await containersOf(file, await file.read(0, headSize));
    if (container) {
      await using tree = await container.open(kept(file));
      const whole = await identifyTree(tree);
      return whole ? whole.title : `${container.title} of ${counted(tree.entries.length, "member")}`;
    }
    const format = await detectFormat(file, mostCompressed);
    return `${format.title}: ${format.describe(await format.read(file)).summary}`;
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return error.code === "FORMAT_UNKNOWN" ? counted(file.size, "byte") : error.what;
  }
}

/** The file for a container that would close it. */
function kept(file: FileSource): OpenFile {
  return {
    name: file.name,
    size: file.size,
    read: (start, end) => file.read(start, end),
    readAll: (limit) => file.readAll(limit),
    async [Symbol.asyncDispose]() {},
  };
}
