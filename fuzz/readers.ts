// What targets of one reader share: a file, or the file of a folder that says what the folder is.
import { IngotError } from "../src/core/index.ts";
import { formats, memoryFile, type Survey, type Tree, treeFormats } from "../src/formats/index.ts";
import type { FuzzTarget } from "./target.ts";

const survey: Survey = {
  covered() {},
  observe() {},
  coveredBeside() {},
  async nested(_name, file) {
    await file[Symbol.asyncDispose]();
  },
};

/** Detects, surveys, reads and describes the bytes as a file of one format, whatever they begin like. */
export function fileTarget(id: string): FuzzTarget["target"] {
  const format = formats.find((one) => one.id === id);
  if (!format) throw new Error(`there is no format ${id}`);
  return async (bytes) => {
    const file = memoryFile(bytes, "fuzz");
    format.detect(bytes.subarray(0, 65_536), bytes.length);
    await format.survey?.(file, survey);
    format.describe(await format.read(file));
  };
}

/** The same for a folder in which the bytes are `description`; of other members only the names and eight bytes are there. */
export function folderTarget(
  id: string,
  container: string,
  description: string,
  beside: readonly string[],
): FuzzTarget["target"] {
  const format = treeFormats.find((one) => one.id === id);
  if (!format) throw new Error(`there is no format ${id}`);
  return async (bytes) => {
    const tree: Tree = {
      name: "fuzz",
      container,
      entries: [
        { path: description, size: bytes.length, kind: "file" },
        ...beside.map((path) => ({ path, size: 8, kind: "file" as const })),
      ],
      async open(path) {
        if (path === description) return memoryFile(bytes, path);
        if (beside.includes(path)) return memoryFile(new Uint8Array(8), path);
        throw new IngotError("FILE_NOT_FOUND", { what: "there is no such member", where: path });
      },
      async [Symbol.asyncDispose]() {},
    };
    await format.detect(tree);
    await format.survey?.(tree, survey);
    for (const path of [description, ...beside]) {
      const own = format.memberSurvey?.(tree, path);
      await using member = await tree.open(path);
      await own?.survey(member, survey);
    }
    format.describe(await format.read(tree));
  };
}
