// What a project may say about a CatBoost model, and what is refused with a reason.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { categoryHash } from "../../../src/convert/catboost/category_hash.ts";
import { type ConvertOptions, convertModel } from "../../../src/convert/index.ts";
import { detectFormat, memoryFile } from "../../../src/formats/index.ts";

async function convert(name: string, options: ConvertOptions = {}) {
  const file = memoryFile(readFileSync(path.join(import.meta.dirname, "../../../fuzz/corpus/catboost", name)), name);
  const format = await detectFormat(file);
  return convertModel(format, await format.read(file), options);
}

const columns = ["w", "x", "y", "z"].map((name) => ({ name }));

test("categories that the model splits on must be among those that are named", async () => {
  await expect(convert("one-hot.cbm")).rejects.toThrow(/inputs\.cat: .* keeps only hashes/);
  const wrong = { inputs: [...columns, { name: "cat", categories: ["x", "y"] }] };
  await expect(convert("one-hot.cbm", wrong)).rejects.toThrow(/1 of the 1 categories .* not among those named/);
  const right = { inputs: [...columns, { name: "cat", categories: ["a", "b", "é"] }] };
  expect((await convert("one-hot.cbm", right)).schema.inputs.at(-1)).toMatchObject({
    type: "string",
    missing: "refuse",
    categories: ["a", "b", "é"],
  });
});

test("fewer trees, other names of classes", async () => {
  const named = { rounds: 2, classes: ["low", "middle", "high"] };
  const { schema, notes } = await convert("lossguide.cbm", named);
  expect(notes).toEqual(["the first 2 of 5 trees are used"]);
  expect(schema.outputs[0]).toMatchObject({ name: "label", type: "string", dtype: "string" });
  expect(schema.outputs[1]!.classes).toEqual(["low", "middle", "high"]);
});

const refused: [what: string, options: ConvertOptions, message: RegExp][] = [
  ["too many rounds", { rounds: 6 }, /rounds 6 is not between 1 and 5/],
  ["another missing value", { missing: -999 }, /no value besides NaN/],
  ["too few classes", { classes: ["a"] }, /1 classes are named, the model has 3/],
  ["too few inputs", { inputs: [{ name: "a" }, { name: "b" }] }, /2 inputs are named, the model has 4 columns/],
];
test.each(refused)("refused: %s", async (_what, options, message) => {
  await expect(convert("lossguide.cbm", options)).rejects.toThrow(message);
});

// Made with CatBoost 1.2.10: hashes in the JSON of a model that splits on that one category.
const hashes: [name: string, hash: number][] = [["é", 468052468]];
test.each(hashes)("hash of %s", (name, hash) => expect(categoryHash(name)).toBe(hash));
