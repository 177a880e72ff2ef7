// Every CatBoost fixture: read, converted, run, and compared with the library.
import { expect, test } from "vitest";
import { convertModel } from "../../../src/convert/index.ts";
import { detectFormat, memoryFile } from "../../../src/formats/index.ts";
import { expectExactness } from "../exactness.ts";
import { caseNames, readCase, readModelFile, rowsOf } from "../fixture.ts";

const names = caseNames("catboost");

test("the fixtures cover two versions and hundreds of rows each", () => {
  expect(new Set(names.map((name) => readCase("catboost", name).version))).toEqual(new Set(["1.2", "1.2.10"]));
  for (const name of names) expect(rowsOf(readCase("catboost", name))[0]!.length, name).toBeGreaterThanOrEqual(300);
});

test.each(names)("%s", async (name) => {
  const fixture = readCase("catboost", name);
  const file = memoryFile(readModelFile(fixture), fixture.model);
  const format = await detectFormat(file);
  await expectExactness(fixture, convertModel(format, await format.read(file), fixture.options));
});
