// zip: files in a file, and the format under PyTorch, Keras, NumPy and skops models.
import { IngotError } from "../../core/index.ts";
import type { OpenFile } from "../source.ts";
import type { Container, Tree } from "../tree.ts";
import { endOfZip, readDirectory } from "./zip_directory.ts";
import { openMember, readLocalHeader } from "./zip_member.ts";
import { surveyZip } from "./zip_survey.ts";

export const zip: Container = {
  id: "zip",
  title: "zip archive",
  detect: (_head, _size, tail) => endOfZip(tail) >= 0,
  open: openZip,
  survey: surveyZip,
};

async function openZip(file: OpenFile): Promise<Tree> {
  const { entries } = await readDirectory(file);
  const files = new Map(entries.filter(({ kind }) => kind === "file").map((entry) => [entry.path, entry]));
  return {
    name: file.name,
    container: "zip",
    entries: entries.map(({ path, size, kind }) => ({ path, size, kind })),
    async open(path) {
      const entry = files.get(path);
      if (!entry)
        throw new IngotError("FILE_NOT_FOUND", { what: `the archive has no member "${path}"`, where: file.name });
      return openMember(file, entry, await readLocalHeader(file, entry), `${file.name}!/${path}`);
    },
    async [Symbol.asyncDispose]() {
      await file[Symbol.asyncDispose]();
    },
  };
}
