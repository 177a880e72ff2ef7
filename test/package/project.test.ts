import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { IngotError } from "../../src/core/index.ts";
import { parseProject, projectJsonSchema } from "../../src/package/project.ts";

const base = "name: income\nversion: 1.2.0\nmodel: model.ubj\n";
const full = `${base}description: d
license: Apache-2.0 OR MIT
inputs:
  age: { column: Age, type: int, min: 0, max: 120, missing: allow, unit: year }
  workclass: { type: string, categories: [Private, State-gov], description: who pays }
outputs:
  probabilities: { classes: [low, high] }
examples: examples.jsonl
environment: requirements.txt
metrics: { accuracy: 0.873, on: holdout }
files: [README.md, docs/LICENSE]
tolerance: { relative: 1e-6 }
rounds: 30
dialect: compact
missing_value: -999
preprocess: []
`;

test("a whole project file", () => {
  const { project, where } = parseProject(Buffer.from(full));
  expect(project.inputs?.["age"]).toEqual({
    column: "Age",
    type: "int",
    min: 0,
    max: 120,
    missing: "allow",
    unit: "year",
  });
  expect(project.tolerance).toEqual({ absolute: 0, relative: 1e-6 });
  expect(where(["inputs", "workclass", "type"])).toBe("ingot.yaml:8:22");
  expect(where(["inputs", "workclass", "unit"])).toBe("ingot.yaml:8:14");
});

const rows: [name: string, yaml: string, message: RegExp][] = [
  ["unknown dialect", `${base}dialect: small`, /`dialect` is not right: .*"exact"\|"compact"/],
  ["empty", "", /is not a map of keys/],
  ["a list", "- name: x", /is not a map of keys/],
  ["unknown key", `${base}nmae: x`, /^ingot\.yaml:4:7: unknown key `nmae`, did you mean `name`\?/],
  ["unknown key, nothing near", `${base}zzzzzz: x`, /unknown key `zzzzzz`$/],
  [
    "unknown key of an input",
    `${base}inputs:\n  age: { typ: int }`,
    /:5:15: unknown key `typ` in inputs\.age, did you mean `type`\?/,
  ],
  [
    "unknown key of an output",
    `${base}outputs:\n  label: { clases: [a, b] }`,
    /unknown key `clases` in outputs\.label, did you mean `classes`\?/,
  ],
  [
    "unknown key of the tolerance",
    `${base}tolerance: { absolut: 1 }`,
    /unknown key `absolut` in tolerance, did you mean `absolute`\?/,
  ],
  ["missing key", "name: a\nversion: 1.0.0", /`model` is missing/],
  [
    "version as a number",
    "name: a\nversion: 1.2\nmodel: m",
    /:2:10: `version` must be MAJOR\.MINOR\.PATCH, like 1\.0\.0, got 1\.2/,
  ],
  ["not semver", "name: a\nversion: '1.2'\nmodel: m", /`version` must be MAJOR\.MINOR\.PATCH/],
  ["leading zero", "name: a\nversion: 1.02.0\nmodel: m", /`version` must be MAJOR/],
  ["build metadata", "name: a\nversion: 1.2.0+linux\nmodel: m", /build metadata/],
  ["upper-case name", "name: Income\nversion: 1.0.0\nmodel: m", /`name` must be lower case, like "income"/],
  ["name with a space", "name: my model\nversion: 1.0.0\nmodel: m", /`name` must be lower-case letters and digits/],
  ["licence text", `${base}license: do what you like`, /`license` must be an SPDX expression/],
  ["wrong type of a key", `${base}files: README.md`, /`files` is not right/],
  ["unknown type", `${base}inputs: { age: { type: integer } }`, /`inputs\.age\.type` is not right: .*"int"/],
  ["min above max", `${base}inputs: { age: { min: 3, max: 2 } }`, /inputs\.age: `min` 3 is above `max` 2/],
  ["mixed categories", `${base}inputs: { a: { categories: [1, b] } }`, /mixes text and numbers/],
  ["category twice", `${base}inputs: { a: { categories: [b, b] } }`, /names a value twice/],
  ["one class", `${base}outputs: { label: { classes: [a] } }`, /`outputs\.label\.classes`/],
  ["negative rounds", `${base}rounds: -1`, /`rounds`/],
  ["negative tolerance", `${base}tolerance: { absolute: -1 }`, /`tolerance\.absolute`/],
  ["duplicate key", `${base}name: b`, /:4:1: Map keys must be unique/],
  ["alias", `${base}files: &f [a]\nmetrics: *f`, /:5:10: YAML aliases are not used here/],
  ["alias bomb", `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n${base}`, /aliases/],
  ["prototype", `${base}inputs:\n  __proto__: { min: 2 }`, /`__proto__` cannot be a key/],
  ["tab", `${base}inputs:\n\tage: 1`, /:\d+:\d+: /],
  ["deeply nested", "[".repeat(100_000), /nested too deeply/],
  ["deeply nested blocks", `a: ${"- ".repeat(100_000)}`, /ingot\.yaml/],
  ["too large", `${base}# ${"x".repeat(2 << 20)}`, /bytes, at most/],
  [
    "an unknown step",
    `${base}preprocess:\n  - clipp: { columns: [age], min: 0 }`,
    /:5:12: there is no step "clipp", did you mean `clip`\?/,
  ],
  [
    "an unknown option",
    `${base}preprocess:\n  - clip: { columns: [age], mni: 0 }`,
    /:5:34: `clip`: unknown option `mni`, did you mean `min`\?/,
  ],
  [
    "a wrong option",
    `${base}postprocess:\n  - clip: { columns: [age], min: low }`,
    /:5:34: `clip`: `min` is not right/,
  ],
  ["a missing option", `${base}preprocess:\n  - clip: { min: 0 }`, /:5:11: `clip`: `columns` is missing/],
  ["two steps in one", `${base}preprocess:\n  - { clip: {}, drop: {} }`, /:5:5: a step is a name with its options/],
];
test.each(rows)("%s", (_name, yaml, message) => {
  const parsing = () => parseProject(Buffer.from(yaml));
  expect(parsing).toThrow(message);
  expect(parsing).toThrow(IngotError);
});

test("bytes that are no text", () => {
  expect(() => parseProject(Buffer.from([0xff, 0xfe, 0x00]))).toThrow(/not valid UTF-8/);
});

test("any text is parsed or refused with a code", () => {
  const piece = fc.oneof(
    fc.constantFrom(...full.split(/(\s+)/)),
    fc.string(),
    fc.constantFrom("&a", "*a", "!!js", "<<", "{", "[", "|", "? "),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        parseProject(Buffer.from(pieces.join("")));
      } catch (error) {
        if (!(error instanceof IngotError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

test("the JSON Schema for editors accepts what the parser accepts, and is the one in docs/", async () => {
  const validate = new Ajv2020({ strict: false }).compile(projectJsonSchema());
  expect(validate(parse(full))).toBe(true);
  expect(validate({ ...parse(full), nmae: 1 })).toBe(false);
  await expect(`${JSON.stringify(projectJsonSchema(), null, 2)}\n`).toMatchFileSnapshot("../../docs/ingot.schema.json");
});
