import { expect, test } from "vitest";
import { parseExamples } from "../../src/package/examples.ts";

const parse = (text: string) => parseExamples(Buffer.from(text), "examples.jsonl");

test("rows keep their line, exact integers and their outputs where they have some", () => {
  expect(parse('{"inputs":{"a":1}}\r\n\n{"inputs":{"a":9007199254740993,"b":[1e20]},"outputs":{"y":null}}\n')).toEqual([
    { line: 1, inputs: { a: 1 } },
    { line: 3, inputs: { a: 9007199254740993n, b: [1e20] }, outputs: { y: null } },
  ]);
});

const rows: [name: string, text: string, message: RegExp][] = [
  ["not JSON", '{"inputs":{}}\n{', /^examples\.jsonl:2: is not JSON/],
  ["not an object", "[]", /:1: is not a JSON object/],
  ["no inputs", '{"outputs":{}}', /`inputs` is not an object/],
  ["inputs in a list", '{"inputs":[1]}', /`inputs` is not an object/],
  ["outputs as a number", '{"inputs":{},"outputs":1}', /`outputs` is not an object/],
  ["unknown key", '{"input":{}}', /unknown key "input", did you mean `inputs`\?/],
  ["too many", '{"inputs":{}}\n'.repeat(100_001), /more than 100000 rows/],
];
test.each(rows)("%s", (_name, text, message) => expect(() => parse(text)).toThrow(message));
