import { expect, test } from "vitest";
import type { Schema } from "../../src/core/index.ts";
import { encodeRecords, inBatches, type RowOptions, readRows } from "../../src/runtime/index.ts";

const column = { shape: [], layout: "column" } as const;
const schema: Schema = {
  inputs: [
    { ...column, name: "age", type: "int", dtype: "float32", missing: "allow" },
    { ...column, name: "fare", type: "float", dtype: "float64" },
    { ...column, name: "port", type: "string", dtype: "string", missing: "allow" },
    { ...column, name: "seen", type: "bool", dtype: "bool" },
  ],
  outputs: [],
};

/** The text in pieces of three bytes: characters and lines are cut anywhere. */
async function* pieces(text: string | Uint8Array) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let i = 0; i < bytes.length; i += 3) yield bytes.subarray(i, i + 3);
}

async function rows(text: string | Uint8Array, options: Partial<RowOptions> = {}) {
  const found = [];
  for await (const record of readRows(pieces(text), schema, { source: "rows", ...options })) found.push(record);
  return found;
}

const ada = { age: 39, fare: 7.5, port: "Zürich", seen: true };

test("JSON Lines, a JSON array and CSV give the same records", async () => {
  const second = { age: null, fare: -1e3, port: 'a "b", c', seen: false };
  const expected = [ada, second];
  expect(await rows(`${JSON.stringify(ada)}\n\n${JSON.stringify(second)}`)).toEqual(expected);
  expect(await rows(JSON.stringify(expected, null, 2))).toEqual(expected);
  expect(await rows(`port,fare,seen,age\nZürich,7.5,true,39\r\n"a ""b"", c",-1e3,False,\n`)).toEqual(expected);
  expect(await rows(`{"inputs": ${JSON.stringify(ada)}, "outputs": {"label": 1}}`)).toEqual([ada]);
  expect(await rows("")).toEqual([]);
  expect(await rows("\ufeffage,fare,port,seen\n1,2,x,0")).toEqual([{ age: 1, fare: 2, port: "x", seen: false }]);
});

test("CSV cells are typed by their column", async () => {
  const [record] = await rows("age,fare,port,seen,extra\n3.0,inf,12,1,zzz");
  expect(record).toEqual({ age: 3, fare: Infinity, port: "12", seen: true });
});

test("columns that are no inputs are left out, and told", async () => {
  const ignored: (readonly string[])[] = [];
  await rows("age,fare,port,seen,target\n1,2,x,true,5", { onIgnored: (columns) => ignored.push(columns) });
  expect(ignored).toEqual([["target"]]);
});

const refused: [name: string, text: string | Uint8Array, message: RegExp][] = [
  ["a broken line", `${JSON.stringify(ada)}\n{"age": `, /rows, line 2: is not JSON/],
  ["a line that is no record", `${JSON.stringify(ada)}\n3`, /rows, line 2: expected a record/],
  ["a missing column", "age,port,seen\n1,x,true", /rows, line 1: there is no column "fare"/],
  ["a column that is nearly there", "age,fere,port,seen\n1,2,x,true", /no column "fare", only "fere"/],
  ["a column twice", "fare,fare,seen\n1,2,true", /column "fare" appears twice/],
  ["a short row", "age,fare,port,seen\n1,2", /rows, line 2: has 2 cells, the header has 4/],
  ["not UTF-8", Uint8Array.of(0x61, 0xff, 0xfe), /rows: is not UTF-8 text/],
];
test.each(refused)("%s is refused", async (_name, text, message) => {
  await expect(rows(text)).rejects.toThrow(message);
});

test("what goes wrong while reading is told as it is", async () => {
  async function* broken() {
    yield new TextEncoder().encode("age,fare,port,seen\n1,2,");
    throw new Error("EIO: the disk is gone");
  }
  const reading = async () => {
    for await (const _ of readRows(broken(), schema, { source: "rows" }));
  };
  await expect(reading()).rejects.toThrow(/^EIO/);
  await expect(rows(`age,fare,port,seen\n1,2,"x`)).rejects.toThrow(/^rows: is not CSV: /);
});

test("a cell that is no number is refused by the encoder in the column's words", async () => {
  const records = await rows("age,fare,port,seen\n1,2,x,true\n1,abc,x,true");
  expect(() => encodeRecords(schema, records)).toThrow('inputs.fare: expected float, got "abc" (row 1)');
});

test("batches keep the order and the rest", async () => {
  async function* count() {
    for (let i = 0; i < 7; i++) yield i;
  }
  const batches = [];
  for await (const batch of inBatches(count(), 3)) batches.push(batch);
  expect(batches).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
});
