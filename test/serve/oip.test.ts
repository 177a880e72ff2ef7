import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { echoModel, everyDtype, peopleModel, serve } from "./people_model.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await serve([await peopleModel(), await peopleModel({ version: "2.0.0" }), await echoModel()]);
});
afterAll(() => server.close());

const get = async (path: string) => {
  const response = await fetch(server.url + path);
  return { status: response.status, body: await response.json() };
};
const infer = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${server.url}/v2/models/${path}/infer`, { method: "POST", body: text, headers });
  return { status: response.status, text: await response.text() };
};

describe("health and metadata", () => {
  const rows: [path: string, status: number, body: unknown][] = [
    [
      "/v2",
      200,
      { name: "ingot", version: "0.1.0", extensions: expect.arrayContaining(["binary_tensor_data", "statistics"]) },
    ],
    ["/v2/health/live", 200, { live: true }],
    ["/v2/health/ready", 200, { ready: true }],
    ["/v2/models/people/ready", 200, { name: "people", ready: true }],
    ["/v2/models/people/versions/2.0.0/ready", 200, { name: "people", ready: true }],
    [
      "/v2/models/people",
      200,
      {
        name: "people",
        versions: ["1.2.0", "2.0.0"],
        platform: "onnx_onnxv1",
        inputs: [
          { name: "age", datatype: "INT64", shape: [-1, 1] },
          { name: "height", datatype: "FP64", shape: [-1, 1] },
          { name: "colour", datatype: "BYTES", shape: [-1, 1] },
        ],
        outputs: [
          { name: "sum", datatype: "FP64", shape: [-1] },
          { name: "ratio", datatype: "FP64", shape: [-1] },
          { name: "age_again", datatype: "INT64", shape: [-1] },
          { name: "colour_again", datatype: "BYTES", shape: [-1] },
        ],
      },
    ],
    ["/v2/models/poeple", 404, { error: 'no model is called "poeple"; did you mean "people"?' }],
    ["/v2/models/people/versions/9", 404, { error: 'model "people" has no version "9"; served: 1.2.0, 2.0.0' }],
  ];
  test.each(rows)("%s", async (path, status, body) => {
    expect(await get(path)).toEqual({ status, body });
  });

  test("names arrive percent-encoded", async () => {
    expect((await get("/v2/models/team%20a%2Fecho")).body).toMatchObject({ name: "team a/echo" });
  });
});

const person = (rows: number) => [
  { name: "age", shape: [rows, 1], datatype: "INT64", data: Array.from({ length: rows }, (_, i) => 41 + i) },
  { name: "height", shape: [rows, 1], datatype: "FP64", data: Array(rows).fill(10) },
  { name: "colour", shape: [rows, 1], datatype: "BYTES", data: Array(rows).fill("red") },
];

describe("inference", () => {
  test("rows in, rows out, id and version echoed", async () => {
    const { status, text } = await infer("people/versions/2.0.0", { id: "a-1", inputs: person(2) });
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        model_name: "people",
        model_version: "2.0.0",
        id: "a-1",
        outputs: [
          { name: "sum", datatype: "FP64", shape: [2], data: [51, 52] },
          { name: "ratio", datatype: "FP64", shape: [2], data: [10, 5] },
          { name: "age_again", datatype: "INT64", shape: [2], data: [41, 42] },
          { name: "colour_again", datatype: "BYTES", shape: [2], data: ["red", "red"] },
        ],
      },
    ]);
  });

  test("outputs that were asked for, in that order", async () => {
    const { text } = await infer("people", { inputs: person(1), outputs: [{ name: "age_again" }, { name: "sum" }] });
    expect(JSON.parse(text).outputs.map((output: { name: string }) => output.name)).toEqual(["age_again", "sum"]);
  });

  test("NaN comes as a word or bare, as Python writes it, and goes as a word", async () => {
    const body = JSON.stringify({ inputs: person(2), outputs: [{ name: "sum" }] }).replace(
      "[10,10]",
      '[NaN,"-Infinity"]',
    );
    expect((await infer("people", body)).text).toContain('"data":["NaN","-Infinity"]');
  });

  test("integers beyond 2^53 keep every digit", async () => {
    const body = JSON.stringify({ inputs: person(1) }).replace("[41]", "[9223372036854775807]");
    expect((await infer("people", body)).text).toContain('"data":[9223372036854775807]');
  });

  const values: Record<(typeof everyDtype)[number], unknown[]> = {
    bool: [true, false, true, true],
    uint8: [0, 1, 254, 255],
    uint16: [0, 1, 65534, 65535],
    uint32: [0, 1, 2, 4294967295],
    uint64: [0, 1, 2, 9007199254740991],
    int8: [-128, -1, 0, 127],
    int16: [-32768, -1, 0, 32767],
    int32: [-2147483648, -1, 0, 2147483647],
    int64: [-9007199254740991, -1, 0, 9007199254740991],
    float16: [0.5, -65504, "NaN", 2 ** -24],
    float32: [0.5, "-Infinity", "NaN", 2 ** -149],
    float64: [0.1, "Infinity", "NaN", 5e-324],
    string: ["", "a", "é🙂", '"\\\n'],
  };
  const metadataOf = async () =>
    (await get("/v2/models/team%20a%2Fecho")).body as Record<"inputs", { datatype: string }[]>;

  test.each([
    ["flat", (data: unknown[]) => data],
    ["nested", (data: unknown[]) => [data.slice(0, 2), data.slice(2)]],
  ])("every datatype, %s", async (_name, arrange) => {
    const { inputs } = await metadataOf();
    const { status, text } = await infer("team%20a%2Fecho", {
      inputs: everyDtype.map((dtype, i) => ({
        name: `in_${dtype}`,
        datatype: inputs[i]!.datatype,
        shape: [2, 2],
        data: arrange(values[dtype]),
      })),
    });
    expect(status, text).toBe(200);
    const outputs = JSON.parse(text).outputs as { name: string; shape: number[]; data: unknown[] }[];
    for (const [i, dtype] of everyDtype.entries()) {
      const data = outputs[i]!.data.map((value) =>
        dtype === "float32" && typeof value === "number" ? Math.fround(value) : value,
      );
      expect({ ...outputs[i], data }).toEqual({
        ...outputs[i],
        name: `out_${dtype}`,
        shape: [2, 2],
        data: values[dtype],
      });
    }
  });
});

describe("refusals", () => {
  const [age, height, colour] = person(1) as [object, object, object];
  const rows: [name: string, body: unknown, message: RegExp][] = [
    ["not JSON", "x", /request body/],
    ["not an object", [], /request body: expected an object, got \[\]/],
    ["no inputs", {}, /inputs: is missing/],
    ["inputs as an object", { inputs: {} }, /inputs: expected an array/],
    ["an id that is a number", { id: 5, inputs: [] }, /id: expected a string, got 5/],
    [
      "an input without data",
      { inputs: [{ name: "age", shape: [1, 1], datatype: "INT64" }] },
      /inputs\[0\]\.data: is missing/,
    ],
    [
      "a negative size",
      { inputs: [{ ...age, shape: [-1, 1] }] },
      /inputs\[0\]\.shape: expected sizes from 0 up, got -1/,
    ],
    ["an input absent", { inputs: [age, colour] }, /inputs\.height: is missing; send age, height, colour/],
    [
      "an unknown input",
      { inputs: [age, height, { ...colour, name: "color" }] },
      /no input "color"; did you mean "colour"\?/,
    ],
    ["an input twice", { inputs: [age, age] }, /inputs\.age: is given twice/],
    [
      "another datatype",
      { inputs: [{ ...age, datatype: "FP32" }] },
      /inputs\.age: expected datatype INT64, got "FP32"/,
    ],
    ["another shape", { inputs: [{ ...age, shape: [1] }] }, /inputs\.age: expected shape \[-1,1\] .* got \[1\]/],
    [
      "too few values",
      { inputs: [{ ...age, shape: [3, 1] }] },
      /inputs\.age: shape \[3,1\] needs 3 values, data has 1/,
    ],
    ["a huge shape", { inputs: [{ ...age, shape: [2 ** 50, 1] }] }, /needs 1125899906842624 values, data has 1/],
    ["a fraction", { inputs: [{ ...age, data: [1.5] }] }, /inputs\.age: expected INT64, got 1\.5 \(element 0\)/],
    ["text for a number", { inputs: [{ ...age, data: ["1"] }] }, /inputs\.age: expected INT64, got "1"/],
    ["null for an integer", { inputs: [{ ...age, data: [null] }] }, /inputs\.age: expected INT64, got null/],
    ["a number for text", { inputs: [age, height, { ...colour, data: [3] }] }, /inputs\.colour: expected BYTES, got 3/],
    [
      "rows that differ",
      { inputs: [...person(2).slice(0, 2), colour] },
      /inputs\.colour: has 1 rows, inputs\.age has 2/,
    ],
    ["an unknown output", { inputs: person(1), outputs: [{ name: "summ" }] }, /no output "summ"; did you mean "sum"\?/],
    [
      "values twice",
      { inputs: [{ ...age, parameters: { binary_data_size: 8 } }] },
      /inputs\[0\]\.data: stands beside `parameters\.binary_data_size`/,
    ],
    [
      "shared memory",
      { inputs: [{ ...age, parameters: { shared_memory_region: "r" } }] },
      /shared memory is not supported/,
    ],
    ["a NUL in a text", { inputs: [age, height, { ...colour, data: ["a\0b"] }] }, /inputs\.colour: .* NUL character/],
    [
      "a flag that is none",
      { inputs: person(1), parameters: { binary_data_output: 1 } },
      /parameters\.binary_data_output: expected true or false/,
    ],
    [
      "a negative timeout",
      { inputs: person(1), parameters: { timeout: -1 } },
      /parameters\.timeout: expected a whole number/,
    ],
  ];
  test.each(rows)("%s", async (_name, body, message) => {
    const { status, text } = await infer("people", body);
    const { error } = JSON.parse(text) as { error: string };
    expect(error).toMatch(message);
    expect(status).toBe(400);
  });
});
