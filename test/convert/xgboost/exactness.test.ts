// Every XGBoost fixture: read, converted, run, and compared with the library.
import { expect, test } from "vitest";
import { convertXgboost } from "../../../src/convert/xgboost/index.ts";
import { readXgboostJson, readXgboostUbj } from "../../../src/formats/index.ts";
import { expectExactness } from "../exactness.ts";
import { caseNames, readCase, readModelFile, rowsOf } from "../fixture.ts";

const names = caseNames("xgboost");

test("the fixtures cover four versions and at least 500 rows each", () => {
  expect(new Set(names.map((name) => readCase("xgboost", name).version))).toEqual(
    new Set(["1.7.6", "2.1.4", "3.0.5", "3.2.0"]),
  );
  for (const name of names) expect(rowsOf(readCase("xgboost", name))[0]!.length, name).toBeGreaterThanOrEqual(500);
});

test.each(names)("%s", async (name) => {
  const fixture = readCase("xgboost", name);
  const read = fixture.model.endsWith(".ubj") ? readXgboostUbj : readXgboostJson;
  await expectExactness(fixture, convertXgboost(read(readModelFile(fixture), fixture.model), fixture.options));
});
