// skops: the schema, whose members are one small array each, its description, and the walk of the scanner.
import { IngotError } from "../src/core/index.ts";
import { memoryFile, type Survey, type Tree } from "../src/formats/index.ts";
import { skops } from "../src/formats/skops/index.ts";

export const name = "skops";

const survey: Survey = {
  covered() {},
  observe() {},
  async nested(_name, file) {
    await file[Symbol.asyncDispose]();
  },
};

const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
const array = Buffer.concat([Buffer.from([0x93]), Buffer.from("NUMPY\x01\x00"), Buffer.from([header.length, 0])]);
const member = Buffer.concat([array, Buffer.from(header), Buffer.alloc(16)]);

export async function target(bytes: Uint8Array): Promise<void> {
  const tree: Tree = {
    name: "fuzz.skops",
    container: "zip",
    entries: [{ path: "schema.json", size: bytes.length, kind: "file" }],
    async open(path) {
      if (path === "schema.json") return memoryFile(bytes, path);
      if (path.endsWith(".npy")) return memoryFile(member, path);
      throw new IngotError("FILE_NOT_FOUND", { what: "there is no such member", where: path });
    },
    async [Symbol.asyncDispose]() {},
  };
  await skops.survey!(tree, survey);
  skops.describe(await skops.read(tree));
}
