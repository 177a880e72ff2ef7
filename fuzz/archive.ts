// zip and tar: listed, every member opened, surveyed.
import { containersOf, memoryFile } from "../src/formats/index.ts";

export const name = "archive";

export async function target(bytes: Uint8Array): Promise<void> {
  const file = memoryFile(bytes, "fuzz.zip");
  for (const container of await containersOf(file, bytes.subarray(0, 65_536))) {
    await container.survey(file, {
      covered() {},
      observe() {},
      nested: async (_name, member) => member[Symbol.asyncDispose](),
    });
    await using tree = await container.open(file);
    for (const { path, kind } of tree.entries.slice(0, 20)) {
      if (kind !== "file") continue;
      await using member = await tree.open(path);
      await member.read(0, 1024);
    }
  }
}
