// Where HDF5's newest layouts keep chunks: as h5py says, for both libraries; a structure that is damaged is told.
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readObjects } from "../../../src/formats/hdf5/objects.ts";
import { memoryFile } from "../../../src/formats/index.ts";
import { surveyed } from "./surveyed.ts";

const folder = path.join(import.meta.dirname, "../../../fixtures/hdf5");
const unzipped = (name: string) => gunzipSync(readFileSync(path.join(folder, name)));

/** Ranges in order, those that touch as one: some indices say only where a row of chunks begins. */
function merged(ranges: readonly (readonly [start: number, size: number])[]): number[][] {
  const found: number[][] = [];
  for (const [start, size] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && last[0]! + last[1]! === start) last[1]! += size;
    else found.push([start, size]);
  }
  return found;
}

describe.each(["3.12.1", "3.16.0"])("h5py %s", (version) => {
  const bytes = unzipped(`chunks-${version}.h5.gz`);
  const expected = JSON.parse(unzipped(`chunks-${version}.json.gz`).toString()) as Record<string, [number, number][]>;

  test("chunks lie where h5py says", async () => {
    const { datasets, groups, attributes, unread } = await readObjects(memoryFile(bytes, "chunks.h5"));
    expect(unread).toEqual([]);
    expect(groups).toHaveLength(202);
    expect(attributes.get("/many")).toHaveLength(200);
    const found = datasets.map(({ path, storage: { parts } }) => [
      path.slice(1),
      merged(parts.map(({ start, size }) => [start, size])),
    ]);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(expected).map(([name, chunks]) => [name, merged(chunks)])),
    );
  });

  test("every byte is explained", async () => {
    expect(await surveyed(bytes)).toEqual({ id: "hdf5", observations: [], gaps: 0 });
  });
});

const structures: [signature: string, what: RegExp][] = [
  ["FAHD", /^\/.*: no fixed array is here/],
  ["FADB", /^\/.*: no block of (a fixed|an) array is here/],
  ["EAHD", /^\/.*: no extensible array is here/],
  ["EAIB", /^\/.*: no index of an extensible array is here/],
  ["EASB", /^\/far.*: no block of an extensible array is here/],
  ["EADB", /^\/.*: no block of an array is here/],
  ["BTHD", /: no B-tree is here/],
  ["BTIN", /: no node of a B-tree is here/],
  ["BTLF", /: no node of a B-tree is here/],
  ["FSHD", /: no note of free space is here/],
];

test.each(structures)("without %s", async (signature, what) => {
  const bytes = unzipped("chunks-3.12.1.h5.gz");
  bytes.write("....", bytes.indexOf(signature), "latin1");
  const { observations, gaps } = await surveyed(bytes);
  expect(observations.map((seen) => (seen.kind === "unread" ? seen.detail : ""))).toContainEqual(
    expect.stringMatching(what),
  );
  expect(gaps).toBeGreaterThan(0);
});

test("a node that names itself as its child", async () => {
  const bytes = unzipped("chunks-3.12.1.h5.gz");
  const at = bytes.indexOf("BTIN");
  const root = Buffer.alloc(8);
  root.writeBigUInt64LE(BigInt(at));
  const head = bytes.indexOf(root);
  const records = bytes.readUInt16LE(head + 8);
  const recordSize = bytes.readUInt16LE(head - 6);
  root.copy(bytes, at + 6 + records * recordSize);
  const { observations } = await surveyed(bytes);
  expect(observations).toContainEqual({ kind: "unread", detail: expect.stringMatching(/goes in circles/) });
});
