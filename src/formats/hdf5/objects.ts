// The groups and datasets of an HDF5 file, each once, by the path that reaches it first.
import { IngotError } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import { type Attribute, readAttribute } from "./attributes.ts";
import { readStorage, type Storage } from "./dataset.ts";
import { readDataspace, readDatatype } from "./datatype.ts";
import { denseRecords } from "./dense.ts";
import { readLinks } from "./links.ts";
import { type Message, messageType, readMessages } from "./messages.ts";
import { Pages } from "./pages.ts";
import { address, type Hdf5File, nowhere, openHdf5 } from "./superblock.ts";

export interface Dataset {
  readonly path: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes of one element, unpacked. */
  readonly elementSize: number;
  readonly storage: Storage;
}

export interface Hdf5Model {
  readonly version: number;
  readonly attributes: ReadonlyMap<string, readonly Attribute[]>;
  readonly groups: readonly string[];
  readonly datasets: readonly Dataset[];
  /** Links that leave the file: other files, raw data in other files. */
  readonly outside: readonly string[];
  /** What was found but could not be read. */
  readonly unread: readonly string[];
  /** Where the file says that it ends. */
  readonly end: number;
  /** Ranges of the file that hold structures. */
  readonly seen: readonly (readonly [start: number, end: number])[];
}

const mostObjects = 500_000;
const longestPath = 4096;

/** @throws IngotError where the file cannot be opened; faults of single objects are in `unread` */
export async function readObjects(source: FileSource): Promise<Hdf5Model> {
  const pages = new Pages(source);
  const file = await openHdf5(pages);
  const attributes = new Map<string, readonly Attribute[]>();
  const groups: string[] = [];
  const datasets: Dataset[] = [];
  const outside: string[] = [];
  const unread: string[] = [];
  const known = new Set([file.root]);
  const open: [path: string, at: number][] = [["/", file.root]];
  for (let item = open.pop(); item; item = open.pop()) {
    const [path, at] = item;
    const part = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof IngotError)) throw error;
        if (path === "/" && groups.length === 0) throw error;
        unread.push(`${path}: ${error.what}`);
      }
    };
    await part(async () => {
      const messages = await readMessages(file, at);
      const found = await readAttributes(file, messages, (detail) => unread.push(`${path}: ${detail}`));
      if (found.length > 0) attributes.set(path, found);
      if (messages.some(({ type }) => type === messageType.externalFiles))
        outside.push(`${path}: values in other files`);
      if (messages.some(({ type }) => type === messageType.layout)) {
        datasets.push(await readDataset(file, path, messages));
        return;
      }
      groups.push(path);
      for (const { name, target } of await readLinks(file, messages)) {
        const inner = `${path === "/" ? "" : path}/${name}`;
        if ("file" in target) outside.push(target.file);
        if (!("at" in target) || known.has(target.at)) continue;
        known.add(target.at);
        if (known.size > mostObjects || inner.length > longestPath)
          throw new IngotError("FILE_TOO_LARGE", { what: "has more objects than are read", where: source.name });
        open.push([inner, target.at]);
      }
    });
  }
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  datasets.sort(byPath);
  return {
    version: file.version,
    attributes,
    groups,
    datasets,
    outside,
    unread,
    end: file.base + file.end,
    seen: pages.seen,
  };
}

async function readAttributes(
  file: Hdf5File,
  messages: readonly Message[],
  tell: (detail: string) => void,
): Promise<Attribute[]> {
  const found: Attribute[] = [];
  for (const { type, reader } of messages)
    try {
      if (type === messageType.attribute) found.push(await readAttribute(file, reader));
      else if (type === messageType.attributeInfo) {
        reader.u8();
        if (reader.u8() & 1) reader.take(2);
        const heap = address(reader, file.offsetSize);
        const names = address(reader, file.offsetSize);
        if (heap === nowhere) continue;
        for await (const record of denseRecords(file, heap, names, 0)) found.push(await readAttribute(file, record));
      }
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      tell(`an attribute: ${error.what}`);
    }
  return found;
}

async function readDataset(file: Hdf5File, path: string, messages: readonly Message[]): Promise<Dataset> {
  const reader = (type: number) => {
    const found = messages.find((message) => message.type === type);
    if (!found)
      throw new IngotError("FILE_MALFORMED", { what: "a dataset lacks its type, shape or layout", where: path });
    return found.reader;
  };
  const { name, size } = readDatatype(reader(messageType.datatype));
  const shape = readDataspace(reader(messageType.dataspace)) ?? [0];
  return {
    path,
    dtype: name,
    shape,
    elementSize: size,
    storage: await readStorage(file, reader(messageType.layout), shape),
  };
}
