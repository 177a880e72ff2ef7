// Which shared libraries a program needs, read from its own headers: what an image without a base has to bring along.
// Rule: System V ABI, "Dynamic Section"; gABI ELF-64 layouts. Nothing is executed.
import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { IngotError } from "../../core/index.ts";

const folders = [
  "/lib64",
  "/usr/lib64",
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib",
  "/usr/lib",
];

export interface Needed {
  /** Path of the program that loads it, as its header says; null for a library. */
  readonly loader: string | null;
  readonly libraries: readonly string[];
}

/**
 * All that `programs` need, and what that needs, by the path where it is looked for.
 * @param beside folders that the programs bring themselves
 * @throws IngotError FILE_NOT_FOUND for a library this machine does not have
 */
export async function sharedLibraries(
  programs: readonly string[],
  beside: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const waiting = [...programs];
  const seen = new Set<string>();
  for (let program = waiting.pop(); program !== undefined; program = waiting.pop()) {
    const { loader, libraries } = neededBy(await readFile(program), program);
    const wanted = [...(loader === null ? [] : [loader]), ...libraries];
    for (const name of wanted) {
      if (seen.has(name)) continue;
      seen.add(name);
      if (beside.some((folder) => existsSync(path.join(folder, name)))) continue;
      const place = placeOf(name);
      if (place === null)
        throw new IngotError("FILE_NOT_FOUND", {
          what: `needs the shared library ${name}, which this machine does not have`,
          where: program,
        });
      const file = realpathSync(place);
      found.set(place, file);
      waiting.push(file);
    }
  }
  return found;
}

function placeOf(name: string): string | null {
  if (name.startsWith("/")) return existsSync(name) ? name : null;
  return folders.map((folder) => path.join(folder, name)).find((place) => existsSync(place)) ?? null;
}

const [ptLoad, ptDynamic, ptInterp] = [1, 2, 3];
const [dtNeeded, dtStrtab] = [1n, 5n];

/** @throws IngotError FILE_MALFORMED for what is no 64-bit little-endian ELF file */
export function neededBy(bytes: Buffer, where: string): Needed {
  const wrong = (what: string) => new IngotError("FILE_MALFORMED", { what, where });
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1)
    throw wrong("is no 64-bit little-endian ELF file");
  try {
    const [start, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
    const segments = Array.from({ length: count }, (_, i) => {
      const at = start + i * size;
      const long = (offset: number) => Number(bytes.readBigUInt64LE(at + offset));
      return { type: bytes.readUInt32LE(at), offset: long(8), address: long(16), size: long(32) };
    });
    const textAt = (offset: number) => bytes.toString("utf8", offset, bytes.indexOf(0, offset));
    const fileOffset = (address: number): number => {
      const segment = segments.find(
        (one) => one.type === ptLoad && address >= one.address && address < one.address + one.size,
      );
      if (!segment) throw wrong(`address ${address} is in no segment`);
      return address - segment.address + segment.offset;
    };
    const interpreter = segments.find(({ type }) => type === ptInterp);
    const dynamic = segments.find(({ type }) => type === ptDynamic);
    const entries: [bigint, number][] = [];
    for (let at = dynamic?.offset ?? 0; dynamic && at < dynamic.offset + dynamic.size; at += 16)
      entries.push([bytes.readBigUInt64LE(at), Number(bytes.readBigUInt64LE(at + 8))]);
    const names = entries.find(([tag]) => tag === dtStrtab)?.[1];
    return {
      loader: interpreter ? textAt(interpreter.offset) : null,
      libraries:
        names === undefined
          ? []
          : entries.flatMap(([tag, at]) => (tag === dtNeeded ? [textAt(fileOffset(names) + at)] : [])),
    };
  } catch (cause) {
    if (cause instanceof RangeError) throw wrong("ends before its headers do");
    throw cause;
  }
}
