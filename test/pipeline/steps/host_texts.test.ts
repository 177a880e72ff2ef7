// Steps on texts and times that run on the host: meaning, missing values, refusals.
import { expect, test } from "vitest";
import { IngotError } from "../../../src/core/index.ts";
import { hostKinds } from "../../../src/pipeline/index.ts";
import { column, planStep } from "../step_harness.ts";

const text = column("t", "string", { missing: true });

async function run(step: string, options: unknown, values: readonly unknown[]) {
  const { host } = planStep({ step, options, columns: [text] });
  const kind = await hostKinds[host!.kind]!();
  const runner = await kind.open(host!.settings, () => Promise.reject(new Error("no files")));
  const results = await runner.run([values], values.length);
  return results.map((result) =>
    result instanceof IngotError ? result.code : (result[0] as { data: ArrayLike<unknown> }).data[0],
  );
}

test.each([
  ["2024-05-31", 1717113600],
  ["2024-05-31T17:30:00Z", 1717176600],
  ["2024-05-31 17:30", 1717176600],
  ["2024-05-31T17:30:00.25+02:00", 1717169400.25],
  ["2024-05-31T17:30:00-0330", 1717189200],
  ["1969-12-31T23:59:59Z", -1],
  ["0001-01-01", -62135596800],
  ["2024-02-30", "RECORD_REFUSED"],
  ["2024-13-01", "RECORD_REFUSED"],
  ["2024-05-31T24:00", "RECORD_REFUSED"],
  ["yesterday", "RECORD_REFUSED"],
  ["", "RECORD_REFUSED"],
  [null, Number.NaN],
])("parse_time %s", async (given, wanted) => {
  expect(await run("parse_time", { columns: ["t"] }, [given])).toEqual([wanted]);
});

test("parse_time may take what is no time for missing", async () => {
  expect(await run("parse_time", { columns: ["t"], invalid: "missing" }, ["x", "1970-01-02"])).toEqual([
    Number.NaN,
    86400,
  ]);
});

test.each([
  [{ case: "lower", trim: true }, "  İSTANBUL ẞ\t", "i̇stanbul ß"],
  [{ normalize: "NFKC", case: "upper" }, "ﬁancé e\u0301", "FIANCÉ É"],
  [
    {
      replace: [
        { pattern: "\\s+", with: " " },
        { pattern: "[^\\p{L} ]", with: "" },
      ],
      trim: true,
    },
    " a\n\tb 1🙂$& ",
    "a b",
  ],
  [{ replace: [{ pattern: "a|e", with: "$&" }] }, "ace", "$&c$&"],
])("clean_text %j", async (options, given, wanted) => {
  expect(await run("clean_text", { columns: ["t"], ...options }, [given])).toEqual([wanted]);
});

test("clean_text refuses texts that are too long, and patterns that take long", async () => {
  expect(await run("clean_text", { columns: ["t"], trim: true }, ["x".repeat(70_000), "x"])).toEqual([
    "RECORD_REFUSED",
    "x",
  ]);
  for (const pattern of ["(a+)+", "a*a*a*b", "(?=x)", "\\1", "["])
    expect(() =>
      planStep({ step: "clean_text", options: { columns: ["t"], replace: [{ pattern, with: "" }] }, columns: [text] }),
    ).toThrow(/pattern/);
});
