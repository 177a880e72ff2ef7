// Models in XGBoost's old binary format, converted and compared with what the library that wrote them answered.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { convertModel } from "../../../src/convert/index.ts";
import { readModelAt } from "../../../src/formats/index.ts";
import { expectAnswers } from "../exactness.ts";
import type { Cell } from "../fixture.ts";

const folder = path.join(import.meta.dirname, "../../../fixtures/xgboost_legacy");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".deprecated"))
  .map((name) => name.slice(0, -".deprecated".length));

interface Answered {
  readonly rows: readonly (readonly Cell[])[];
  readonly outputs: Readonly<Record<string, readonly Cell[]>>;
}

async function expectSame(model: string, answers: string): Promise<void> {
  const { format, model: read } = await readModelAt(path.join(folder, model));
  const { rows, outputs } = JSON.parse(
    gunzipSync(readFileSync(path.join(folder, `${answers}.json.gz`))).toString(),
  ) as Answered;
  const columns = rows[0]!.map((_, column) => rows.map((row) => row[column]!));
  await expectAnswers(columns, { library: "xgboost", outputs }, convertModel(format!, read));
}

test("five releases wrote them", () => {
  expect(new Set(names.map((name) => name.split("-")[1]))).toEqual(
    new Set(["0.90", "1.2.1", "1.5.2", "1.7.6", "2.1.4"]),
  );
});

test.each(names)("%s", async (name) => {
  await expectSame(`${name}.deprecated`, name);
});

test("a booster that 0.90 pickled", async () => {
  await expectSame("binary-0.90.pkl", "binary-0.90");
});
