// Custom steps in their sandbox: what they compute, and what they may not do. A record that misbehaves fails alone.
import { afterAll, expect, test } from "vitest";
import { IngotError, type Json } from "../../src/core/index.ts";
import type { Tensor } from "../../src/onnx/index.ts";
import { customSettings } from "../../src/pipeline/host/custom.ts";
import { type HostRunner, hostKinds } from "../../src/pipeline/index.ts";
import { column, planStep } from "./step_harness.ts";

const opened: HostRunner[] = [];
afterAll(async () => {
  for (const runner of opened) await runner.close?.();
});

async function open(code: string, more: object = {}): Promise<HostRunner> {
  const settings = customSettings.parse({
    module: "steps/m.js",
    map: "steps/m.js.map",
    exported: "default",
    inputs: ["x"],
    outputs: [{ name: "y", type: "float", shape: [], missing: false }],
    timeoutMs: 300,
    memoryMb: 16,
    isAfter: false,
    ...more,
  });
  const files: Record<string, string> = {
    "steps/m.js": code,
    "steps/m.js.map": JSON.stringify({ version: 3, sources: ["m.ts"], mappings: "AAAA;AACA;AACA;AACA" }),
  };
  const kind = await hostKinds["custom"]!();
  const runner = await kind.open(settings as Json, async (path) => Buffer.from(files[path]!));
  opened.push(runner);
  return runner;
}

/** Element or message of each record. */
async function results(runner: HostRunner, values: readonly unknown[]): Promise<unknown[]> {
  const found = await runner.run([values], values.length);
  return found.map((one) =>
    one instanceof IngotError ? `${one.code} ${one.where}: ${one.what}` : (one[0] as Tensor).data[0],
  );
}

test("computes; missing values are null, all numbers arrive", async () => {
  const runner = await open("export default ({ x }) => ({ y: x === null ? -1 : x * 2 });");
  expect(await results(runner, [1, 0.1, null, Infinity, -Infinity, 2n ** 40n])).toEqual([
    2,
    0.2,
    -1,
    Infinity,
    -Infinity,
    2 ** 41,
  ]);
});

test("nothing is carried from one record to the next", async () => {
  const runner = await open(
    "let n = 0; export default ({ x }) => { n += x; globalThis.z = (globalThis.z ?? 0) + x; Array.prototype.q = 1; return { y: n + z }; };",
  );
  expect(await results(runner, [1, 1, 5])).toEqual([2, 2, 10]);
});

test("what one record held is not in the memory of the next", async () => {
  const code = `
    const kept = [];
    const some = (bytes) => { let sum = 0; for (let i = 0; i < 100000; i += 1000) sum += bytes[i]; return sum; };
    export default ({ x }) => {
      const fill = [];
      for (let i = 0; i < 50; i++) fill.push(new Uint8Array(100000));
      if (x === 0) for (const bytes of fill) kept.push(bytes.fill(7));
      if (x === 1) throw new Error(fill[9].fill(7).length);
      const texts = Array.from({ length: 100 }, (_, i) => "t".repeat(1000 * x) + i);
      return { y: kept.length + fill.reduce((sum, bytes) => sum + some(bytes), 0) + texts.length };
    };`;
  const runner = await open(code, { timeoutMs: 20_000 });
  const found = await results(runner, [2, 0, 2, 1, 2, 0, 3, 2]);
  expect(found.filter((_, at) => ![1, 3, 5].includes(at))).toEqual([100, 100, 100, 100, 100]);
  expect([found[1], found[5]]).toEqual([35_150, 35_150]);
});

const rows: [name: string, body: string, message: RegExp][] = [
  ["loops forever", "for (;;) {}", /did not answer within 300 ms/],
  [
    "loops where no engine looks at the clock",
    "const a = []; a.length = 2 ** 32 - 1; a.indexOf(1)",
    /did not answer within 300 ms/,
  ],
  ["runs a catastrophic expression", "/(a+)+$/.test('a'.repeat(40) + 'b')", /did not answer/],
  [
    "takes all memory",
    "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)",
    /needs more than 16 MiB|did not answer/,
  ],
  ["recurses forever", "(function f() { f(); })()", /stack overflow|too much recursion/i],
  ["throws", "throw new TypeError('no such thing')", /m\.ts:1: TypeError: no such thing/],
  ["throws no error", "throw 'text'", /text/],
  ["reads the clock", "Date.now()", /a custom step has no clock: Date/],
  ["makes a date", "new Date()", /a custom step has no clock: Date/],
  ["throws dice", "Math.random()", /a custom step has no randomness: Math\.random/],
  ["fetches", "fetch('http://127.0.0.1')", /'?fetch'? is not defined/],
  ["reads files", "require('fs')", /'?require'? is not defined/],
  ["looks at the process", "process.env", /'?process'? is not defined/],
  ["waits", "setTimeout(() => {}, 1)", /'?setTimeout'? is not defined/],
  ["returns nothing", "", /returned undefined instead of an object/],
  ["returns a list", "return [1]", /returned an array instead of an object/],
  ["returns a promise", "return Promise.resolve({ y: 1 })", /returned a promise/],
  ["returns what is not declared", "return { y: 1, z: 2 }", /returned "z", which is not declared/],
  ["leaves an output out", "return {}", /"y" is undefined instead of a float/],
  ["returns a text", "return { y: '1' }", /"y" is a string instead of a float/],
  ["returns null", "return { y: null }", /"y" is null, and `missing: allow` is not declared/],
  ["returns a bigint", "return { y: 1n }", /"y" is the bigint 1 instead of a float/],
  ["returns itself", "const y = []; y.push(y); return { y }", /"y" is a list instead of a float/],
  ["replaces what writes results", "JSON.stringify = () => '{\"values\":[1]}'; return {}", /"y" is undefined/],
];

test("each record that misbehaves fails with its own reason, the others are answered", async () => {
  const bodies = rows.map(([, body], i) => `if (x === ${i}) { ${body} ; return; }`);
  const runner = await open(`export default ({ x }) => { ${bodies.join(" ")} return { y: x }; };`);
  const given = rows.flatMap((_, i) => [i, 1000 + i]);
  const found = await results(runner, given);
  rows.forEach(([name, , message], i) => {
    expect(String(found[2 * i]), name).toMatch(message);
    expect(String(found[2 * i]), name).toMatch(/^CUSTOM_STEP_FAILED /);
    expect(found[2 * i + 1], `after: ${name}`).toBe(1000 + i);
  });
}, 60_000);

test.each([
  ["int", 3, 3n],
  ["int", 3.5, /"y" is 3.5 instead of a whole number/],
  ["bool", true, 1],
  ["bool", 1, /"y" is 1 instead of a bool/],
  ["string", "é🙂", "é🙂"],
  ["string", "a\u0000", /U\+0000/],
] as const)("an output declared %s that is %j", async (type, value, expected) => {
  const runner = await open(`export default () => ({ y: ${JSON.stringify(value)} });`, {
    outputs: [{ name: "y", type, shape: [], missing: false }],
  });
  const [found] = await results(runner, [0]);
  if (expected instanceof RegExp) expect(found).toMatch(expected);
  else expect(found).toBe(expected);
});

test("lists go in and come out; after the model they are values", async () => {
  const outputs = [{ name: "y", type: "float", shape: [2, 2], missing: true }];
  const code = "export default ({ x }) => ({ y: [[x[0], x[1]], [null, x.length]] });";
  const x: Tensor = { dtype: "float64", dims: [2], data: Float64Array.of(1, 2.5) };
  const [before] = await (await open(code, { outputs })).run([[x]], 1);
  expect(before).toEqual([{ dtype: "float64", dims: [2, 2], data: Float64Array.of(1, 2.5, Number.NaN, 2) }]);
  const [after] = await (await open(code, { outputs, isAfter: true })).run([[x]], 1);
  expect(after).toEqual([
    [
      [1, 2.5],
      [Number.NaN, 2],
    ],
  ]);
});

test.each([
  ["no such export", "export const other = 1;", /exports no function `default`/],
  ["a module that throws", "throw new Error('at once'); export default () => 1;", /at once/],
  ["an import", "import fs from 'node:fs'; export default () => 1;", /./],
  ["no JavaScript", "export default (((", /SyntaxError/],
])("a module with %s is not opened", async (_name, code, message) => {
  await expect(open(code)).rejects.toThrow(message);
});

test.each([
  ["bytes", { inputs: ["image"] }, /is bytes/],
  ["a column that is not there", { inputs: ["agee"] }, /did you mean `age`/],
  ["a name that is none", { function: "a-b" }, /no name of an export/],
  ["whole numbers that are missing", { outputs: { y: { type: "int", missing: "allow" } } }, /cannot be missing/],
])("refuses %s when planned", (_name, more, message) => {
  const options = { module: "m.ts", inputs: ["age"], outputs: { y: "float" }, ...more };
  const columns = [column("age"), column("image", "string", { isBytes: true })];
  expect(() => planStep({ step: "custom", options, columns })).toThrow(message);
});
