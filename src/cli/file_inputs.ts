// `@photo.jpg` in a record that is typed on the command line: the contents of that file. Not in files of records: whoever wrote those
// would choose what is read here. `@` is no letter of base64.
import { readFile, stat } from "node:fs/promises";
import { IngotError, type Schema } from "../core/index.ts";
import type { InputRecord } from "../runtime/index.ts";

/** Of one file; steps that decode have limits of their own. */
const largestFile = 2 ** 28;

/** `@photo.jpg` alone: the record of a package with one input of bytes. @throws IngotError USAGE */
export function fileRecord(text: string, schema: Schema): InputRecord {
  const files = schema.inputs.filter(({ type }) => type === "bytes");
  if (files.length === 1 && schema.inputs.length === 1) return { [files[0]!.name]: text };
  throw new IngotError("USAGE", {
    what: `${text} is one file, and the package has the inputs ${schema.inputs.map(({ name }) => name).join(", ")}`,
    fix: `name it in a record: '{"${files[0]?.name ?? schema.inputs[0]?.name}": "${text}"}'`,
  });
}

/** The record with the bytes of its files. @throws IngotError FILE_NOT_FOUND, FILE_TOO_LARGE */
export async function withFiles(record: InputRecord, schema: Schema): Promise<InputRecord> {
  if (typeof record !== "object" || record === null) return record;
  const filled: Record<string, unknown> = { ...record };
  for (const { name, type } of schema.inputs) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    if (type === "bytes" && typeof value === "string" && value.startsWith("@"))
      filled[name] = await contentOf(value.slice(1));
  }
  return filled;
}

async function contentOf(file: string): Promise<Uint8Array> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile())
    throw new IngotError("FILE_NOT_FOUND", { what: "there is no such file", where: file, fix: "check the path" });
  if (found.size > largestFile)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `a file of ${found.size} bytes, at most ${largestFile} are sent`,
      where: file,
    });
  return new Uint8Array(await readFile(file));
}
