// SARIF that code hosts accept: the report of the whole corpus against the schema of OASIS.
import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { rules, sarifOf, scanBytes } from "../../src/scan/index.ts";
import { corpus } from "./corpus/index.ts";

const file = path.join(import.meta.dirname, "..", "..", "fixtures", "sarif", "sarif-schema-2.1.0.json");
// Its draft 4 differs from what Ajv knows only in these two keys.
const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(file, "utf8"));

test("reports of malicious, unknown and nested files are valid SARIF 2.1.0", async () => {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  for (const sample of corpus().filter((_sample, index) => index % 5 === 0)) {
    const sarif = sarifOf(await scanBytes(sample.bytes, `models/${sample.name}`), "1.2.3");
    validate(sarif);
    expect(validate.errors, sample.name).toBeNull();
  }
});

test("a rule of a result is the one that its index names", async () => {
  const [sample] = corpus();
  const sarif = sarifOf(await scanBytes(sample!.bytes, "a b/model.pkl"), "1.2.3") as {
    runs: { results: { ruleId: string; ruleIndex: number; locations: unknown[] }[] }[];
  };
  for (const result of sarif.runs[0]!.results) expect(rules[result.ruleIndex]?.id).toBe(result.ruleId);
  expect(sarif.runs[0]!.results[0]!.locations[0]).toMatchObject({
    physicalLocation: { artifactLocation: { uri: "a%20b/model.pkl" }, region: { byteOffset: expect.any(Number) } },
  });
});
