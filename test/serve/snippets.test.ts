// The playground's code for other tools does what the page did: it is run, and its answers are compared.
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { initialState, readForm } from "../../web/src/form_state.ts";
import { languages } from "../../web/src/snippet_text.ts";
import { peopleModel, serve } from "./people_model.ts";

const run = promisify(execFile);
const has = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;
const inspect = { maxBuffer: 1 << 20 };

const runners: Record<string, { exists: boolean; run(code: string): Promise<string> }> = {
  curl: { exists: has("curl", "--version"), run: async (code) => (await run("sh", ["-c", code], inspect)).stdout },
  JavaScript: {
    exists: true,
    // console.log shows objects in its own way; JSON is what can be compared.
    run: async (code) => {
      const printed = code.replace("console.log(await response.json())", "console.log(await response.text())");
      return (await run(process.execPath, ["--input-type=module", "-e", printed], inspect)).stdout;
    },
  },
  Python: {
    exists: has("python3", "-c", "import requests"),
    run: async (code) =>
      (await run("python3", ["-c", code.replace("print(prediction)", "import json; print(json.dumps(prediction))")]))
        .stdout,
  },
};

let server: RunningServer;
beforeAll(async () => {
  server = await serve([await peopleModel()]);
});
afterAll(() => server.close());

const records: [name: string, record: Record<string, unknown>][] = [
  ["plain", { age: 41, height: 170.5, colour: "red" }],
  ["missing", { age: 41, height: null, colour: "red" }],
  ["quotes and backslashes", { age: 1, height: 2, colour: `it's "so" \\n $HOME \`date\` !x %s` }],
  ["line breaks and other scripts", { age: 1, height: 2, colour: "a\nb\tc é 漢字 🙂 \u2028" }],
  ["too long for one line", { age: 1, height: 0.1, colour: "x".repeat(200) }],
];

describe.each(languages.map((language) => [language.name, language] as const))("%s", (name, language) => {
  const runner = runners[name]!;
  if (!runner.exists) console.warn(`${name} snippets are not run: the program is not installed here`);
  test.skipIf(!runner.exists).each(records)("%s", async (_name, record) => {
    const body = JSON.stringify(record);
    const expected = await (await fetch(`${server.url}/predict`, { method: "POST", body })).json();
    expect(JSON.parse(await runner.run(language.write(`${server.url}/predict`, record)))).toEqual(expected);
  });
});

test("the form of an example means the example", async () => {
  const { schema, example, predictor } = await peopleModel();
  await predictor.close();
  const { record, problems } = readForm(schema.inputs, initialState(schema.inputs, example!));
  expect([record, problems]).toEqual([example, {}]);
});

const typed: [name: string, field: string, text: string, value: unknown][] = [
  ["a number", "height", " 1.5e2 ", 150],
  ["a word for a float", "height", "-Infinity", "-Infinity"],
  ["no number", "height", "abc", /abc is not a number/],
  ["nothing", "height", "", /mark as missing/],
  ["nothing where nothing may miss", "age", "", /^enter a number$/],
  ["a fraction for an int", "age", "1.5", /whole number/],
  ["a long integer", "age", "9007199254740993", /use the API/],
  ["any text", "colour", " x ", " x "],
];
test.each(typed)("typing %s", async (_name, field, text, value) => {
  const { schema, example, predictor } = await peopleModel();
  await predictor.close();
  const state = { ...initialState(schema.inputs, example!), [field]: { text, isMissing: false, isOther: false } };
  const { record, problems } = readForm(schema.inputs, state);
  if (value instanceof RegExp) expect(problems[field]).toMatch(value);
  else expect(record[field]).toBe(value);
});
