// What a package declares of its inputs holds in every dialect alike.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, probabilityModel, serve } from "./people_model.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await serve([await peopleModel(), await probabilityModel()]);
});
afterAll(() => server.close());

const tensor = (name: string, datatype: string, data: unknown[]) => ({ name, datatype, shape: [1, data.length], data });
const ways: [dialect: string, path: string, body: (age: number) => unknown][] = [
  ["predict", "/predict/people", (age) => ({ age, height: 1, colour: "red" })],
  ["MLflow", "/invocations", (age) => ({ dataframe_records: [{ age, height: 1, colour: "red" }] })],
  ["MLflow by column", "/invocations", (age) => ({ inputs: { age: [age], height: [1], colour: ["red"] } })],
  ["TensorFlow Serving", "/v1/models/people:predict", (age) => ({ instances: [{ age, height: 1, colour: "red" }] })],
  ["SageMaker", "/endpoints/people/invocations", (age) => ({ instances: [{ age, height: 1, colour: "red" }] })],
  [
    "Open Inference Protocol",
    "/v2/models/people/infer",
    (age) => ({
      inputs: [tensor("age", "INT64", [age]), tensor("height", "FP64", [1]), tensor("colour", "BYTES", ["red"])],
    }),
  ],
];
test.each(ways)("%s: a number below its bound", async (_dialect, path, body) => {
  const ask = (age: number) => fetch(server.url + path, { method: "POST", body: JSON.stringify(body(age)) });
  expect((await ask(0)).status).toBe(200);
  const refused = await ask(-1);
  expect(refused.status).toBe(400);
  expect(await refused.text()).toMatch(/inputs\.age.*-1 is below min 0 year|-1 is below min 0 year.*inputs\.age/);
});

test("NaN where nothing may be missing, in JSON and as bytes", async () => {
  const ask = (input: object, bytes = Buffer.alloc(0)) => {
    const json = Buffer.from(JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], ...input }] }));
    return fetch(`${server.url}/v2/models/odds/infer`, {
      method: "POST",
      body: Buffer.concat([json, bytes]),
      headers: bytes.length > 0 ? { "Inference-Header-Content-Length": String(json.length) } : {},
    });
  };
  const bytes = Buffer.from(Float32Array.of(1, Number.NaN).buffer);
  for (const answer of [await ask({ data: [1, "NaN"] }), await ask({ parameters: { binary_data_size: 8 } }, bytes)]) {
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: "inputs.x: expected float, got NaN (element 1); this input takes no missing values",
    });
  }
  expect((await ask({ data: [1, 3] })).status).toBe(200);
});
