// TensorFlow Serving's REST API and KServe's protocol v1: rows, columns, versions, labels, what is described and refused.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, probabilityModel, serve } from "./people_model.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await serve([
    await probabilityModel(),
    await probabilityModel({ version: "2.0.0", variant: "canary" }),
    await peopleModel({ name: "team/people" }),
  ]);
});
afterAll(() => server.close());

async function predict(path: string, body: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${server.url}/v1/models/${path}:predict`, { method: "POST", body: text });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
const get = async (path: string) => {
  const response = await fetch(`${server.url}/v1/models${path}`);
  return { status: response.status, body: await response.json() };
};

describe("answers", () => {
  const record = { age: 41, height: 10, colour: "red" };
  const whole = { sum: 51, ratio: 10, age_again: 41, colour_again: "red" };
  const rows: [name: string, path: string, body: unknown, answer: unknown][] = [
    [
      "rows of the only input",
      "odds",
      {
        instances: [
          [1, 3],
          [4, 1],
        ],
      },
      {
        predictions: [
          [0.25, 0.75],
          [0.8, 0.2],
        ],
      },
    ],
    ["rows by name", "odds", { instances: [{ x: [1, 3] }] }, { predictions: [[0.25, 0.75]] }],
    [
      "columns",
      "odds",
      {
        inputs: {
          x: [
            [1, 3],
            [4, 1],
          ],
        },
      },
      {
        outputs: [
          [0.25, 0.75],
          [0.8, 0.2],
        ],
      },
    ],
    ["the column of the only input", "odds", { inputs: [[1, 3]] }, { outputs: [[0.25, 0.75]] }],
    ["a version", "odds/versions/2.0.0", { instances: [[1, 1]] }, { predictions: [[0.5, 0.5]] }],
    ["a label", "odds/labels/canary", { instances: [[1, 1]] }, { predictions: [[0.5, 0.5]] }],
    ["the stable label", "odds/labels/stable", { instances: [[1, 1]] }, { predictions: [[0.5, 0.5]] }],
    ["several outputs by row", "team%2Fpeople", { instances: [record] }, { predictions: [whole] }],
    ["rows by position", "team%2Fpeople", { instances: [[41, 10, "red"]] }, { predictions: [whole] }],
    [
      "several outputs by column",
      "team%2Fpeople",
      { inputs: { age: [41], height: [10], colour: ["red"] } },
      { outputs: { sum: [51], ratio: [10], age_again: [41], colour_again: ["red"] } },
    ],
    [
      "columns of one value",
      "team%2Fpeople",
      { inputs: { age: 41, height: 10, colour: "red" }, signature_name: "sum" },
      { outputs: [51] },
    ],
    [
      "a signature for each output",
      "team%2Fpeople",
      { signature_name: "colour_again", instances: [record] },
      { predictions: ["red"] },
    ],
    [
      "the default signature",
      "team%2Fpeople",
      { signature_name: "serving_default", instances: [record] },
      { predictions: [whole] },
    ],
    [
      "texts in base64",
      "team%2Fpeople",
      { signature_name: "colour_again", instances: [{ ...record, colour: { b64: "w6nwn5mC" } }] },
      { predictions: ["é🙂"] },
    ],
    [
      "values in lists of one",
      "team%2Fpeople",
      { signature_name: "sum", instances: [{ age: [41], height: [10], colour: ["red"] }] },
      { predictions: [51] },
    ],
  ];
  test.each(rows)("%s", async (_name, path, body, answer) => {
    const { status, text } = await predict(path, body);
    expect([status, JSON.parse(text)]).toEqual([200, answer]);
  });

  test("a label answers as its variant", async () => {
    expect((await predict("odds/labels/canary", { instances: [[1, 1]] })).headers.get("ingot-variant")).toBe("canary");
  });

  test("NaN and infinities stand bare, in and out", async () => {
    const { text } = await predict(
      "team%2Fpeople",
      '{"signature_name": "sum", "instances": [{"age": 1, "height": NaN, "colour": "NaN"}, {"age": 1, "height": -Infinity, "colour": "x"}]}',
    );
    expect(text).toBe('{"predictions":[NaN,-Infinity]}');
  });
});

describe("descriptions", () => {
  test("the names", async () => {
    expect(await get("")).toEqual({ status: 200, body: { models: ["odds", "team/people"] } });
  });

  test("the status is TensorFlow Serving's and KServe's at once", async () => {
    const version = (name: string) => ({
      version: name,
      state: "AVAILABLE",
      status: { error_code: "OK", error_message: "" },
    });
    expect(await get("/odds")).toEqual({
      status: 200,
      body: { name: "odds", ready: true, model_version_status: [version("1.2.0"), version("2.0.0")] },
    });
    expect((await get("/odds/versions/2.0.0")).body).toMatchObject({ model_version_status: [version("2.0.0")] });
    expect(await get("/nobody")).toEqual({ status: 404, body: { error: expect.stringContaining("nobody") } });
  });

  test("the metadata", async () => {
    const { body } = (await get("/odds/metadata")) as {
      body: { metadata: { signature_def: { signature_def: Record<string, unknown> } } };
    };
    expect(body).toMatchObject({ model_spec: { name: "odds", version: "1.2.0" } });
    const x = {
      name: "x",
      dtype: "DT_FLOAT",
      tensor_shape: {
        dim: [
          { size: "-1", name: "" },
          { size: "2", name: "" },
        ],
        unknown_rank: false,
      },
    };
    expect(body.metadata.signature_def.signature_def["serving_default"]).toEqual({
      inputs: { x },
      outputs: { share: { ...x, name: "share" } },
      method_name: "tensorflow/serving/predict",
    });
  });
});

describe("refusals", () => {
  const rows: [name: string, path: string, body: unknown, status: number, message: RegExp][] = [
    ["neither form", "odds", {}, 400, /holds neither instances nor inputs/],
    ["both forms", "odds", { instances: [], inputs: [] }, 400, /instances and inputs exclude each other/],
    ["a list", "odds", [[1, 3]], 400, /expected an object/],
    [
      "an unknown signature",
      "odds",
      { signature_name: "x", instances: [[1, 3]] },
      400,
      /signature_name: there is no signature "x"; there are serving_default, share/,
    ],
    ["an unknown model", "ods", { instances: [] }, 404, /no model is called "ods"; did you mean "odds"\?/],
    ["an unknown version", "odds/versions/7", { instances: [] }, 404, /no version "7"; served: 1\.2\.0, 2\.0\.0/],
    ["an unknown label", "odds/labels/canry", { instances: [] }, 404, /no variant "canry"; did you mean "canary"\?/],
    ["a short row", "odds", { instances: [[1]] }, 400, /inputs\.x: expected 2 values, got 1|inputs\.x: expected/],
    ["text in a row", "odds", { instances: [[1, "x"]] }, 400, /inputs\.x\[1\]: expected float, got "x"/],
    ["no columns", "team%2Fpeople", { inputs: {} }, 400, /inputs: holds no column/],
    [
      "base64 that is none",
      "team%2Fpeople",
      { instances: [{ age: 1, height: 1, colour: { b64: "*" } }] },
      400,
      /inputs\.colour: expected base64, got "\*"/,
    ],
    [
      "base64 that is no text",
      "team%2Fpeople",
      { instances: [{ age: 1, height: 1, colour: { b64: "/w==" } }] },
      400,
      /inputs\.colour: the base64 holds bytes that are not UTF-8/,
    ],
    ["NaN where nothing may miss", "odds", '{"instances": [[NaN, 1]]}', 400, /inputs\.x\[0\]: expected float, got NaN/],
    ["invalid percent-encoding", "%ff", {}, 400, /not valid percent-encoding/],
  ];
  test.each(rows)("%s", async (_name, path, body, status, message) => {
    const answer = await predict(path, body);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([status, { error: expect.stringMatching(message) }]);
  });

  test("predicting is POST, describing GET", async () => {
    expect((await fetch(`${server.url}/v1/models/odds:predict`)).status).toBe(405);
    expect((await fetch(`${server.url}/v1/models/odds`, { method: "POST", body: "{}" })).status).toBe(405);
  });
});
