// MLflow's scoring protocol: the four forms of JSON, CSV, what is refused and how. Real clients are in test/conformance/clients.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, probabilityModel, serve } from "./people_model.ts";

let people: RunningServer;
let odds: RunningServer;
beforeAll(async () => {
  people = await serve([await peopleModel()]);
  odds = await serve([await probabilityModel()]);
});
afterAll(() => Promise.all([people.close(), odds.close()]));

async function invoke(server: RunningServer, body: unknown, type = "application/json") {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = type === "" ? {} : { "Content-Type": type };
  const response = await fetch(`${server.url}/invocations`, {
    method: "POST",
    body: new TextEncoder().encode(text),
    headers,
  });
  return { status: response.status, text: await response.text() };
}

const columns = ["age", "height", "colour"];
const record = { age: 41, height: 10, colour: "red" };

describe("every form is the same records", () => {
  const rows: [name: string, body: unknown, type?: string][] = [
    [
      "dataframe_split",
      {
        dataframe_split: {
          columns,
          data: [
            [41, 10, "red"],
            [39, 10, "x"],
          ],
          index: [0, 1],
        },
      },
    ],
    [
      "dataframe_split in another order, with a column more",
      {
        dataframe_split: {
          columns: ["colour", "target", "age", "height"],
          data: [
            ["red", 1, 41, 10],
            ["x", 0, 39, 10],
          ],
        },
      },
    ],
    [
      "dataframe_split without columns",
      {
        dataframe_split: {
          data: [
            [41, 10, "red"],
            [39, 10, "x"],
          ],
        },
      },
    ],
    ["dataframe_records", { dataframe_records: [record, { age: 39, height: 10, colour: "x" }] }],
    [
      "dataframe_records with a column more",
      {
        dataframe_records: [
          { ...record, target: 1 },
          { age: 39, height: 10, colour: "x" },
        ],
      },
    ],
    ["instances by name", { instances: [record, { age: 39, height: 10, colour: "x" }] }],
    [
      "instances by position",
      {
        instances: [
          [41, 10, "red"],
          [39, 10, "x"],
        ],
      },
    ],
    ["inputs as columns", { inputs: { age: [41, 39], height: [10, 10], colour: ["red", "x"] } }],
    [
      "inputs as columns of one-element lists",
      { inputs: { age: [[41], [39]], height: [[10], [10]], colour: [["red"], ["x"]] } },
    ],
    ["inputs as records", { inputs: [record, { age: 39, height: 10, colour: "x" }] }],
    ["with parameters", { dataframe_records: [record, { age: 39, height: 10, colour: "x" }], params: {} }],
    ["CSV with names", "age,height,colour\n41,10,red\n39,10,x\n", "text/csv"],
    [
      "CSV with names, quotes, a column more",
      '"colour",age,target,height\r\n"red",41,1,10.0\r\nx,39,0,10\r\n',
      "text/csv; charset=utf-8",
    ],
    ["CSV without names, as SageMaker's", "41,10,red\n39,10,x", "text/csv"],
    [
      "a content type with a charset",
      { dataframe_records: [record, { age: 39, height: 10, colour: "x" }] },
      "application/json; charset=UTF-8",
    ],
    ["no content type", { dataframe_records: [record, { age: 39, height: 10, colour: "x" }] }, ""],
  ];
  test.each(rows)("%s", async (_name, body, type) => {
    const { status, text } = await invoke(people, body, type);
    expect([status, JSON.parse(text)]).toEqual([200, { predictions: [51, 49] }]);
  });
});

test("the value is what predict gives; params.outputs asks for others", async () => {
  const ask = async (outputs: unknown) =>
    JSON.parse((await invoke(people, { dataframe_records: [record], params: { outputs } })).text).predictions;
  expect(await ask("age_again")).toEqual([41]);
  expect(await ask(["age_again", "sum"])).toEqual([{ age_again: 41, sum: 51 }]);
  const { text } = await invoke(odds, {
    instances: [
      [1, 3],
      [4, 1],
    ],
  });
  expect(JSON.parse(text)).toEqual({
    predictions: [
      { no: 0.25, yes: 0.75 },
      { no: 0.8, yes: 0.2 },
    ],
  });
});

test("NaN and infinities stand bare, in and out, as Python's json has them", async () => {
  const { status, text } = await invoke(
    people,
    '{"dataframe_split": {"columns": ["age", "height", "colour"], "data": [[1, NaN, "NaN"], [1, Infinity, "x"], [1, null, "y"]]}}',
  );
  expect([status, text]).toEqual([200, '{"predictions":[NaN,Infinity,NaN]}']);
});

test("integers beyond 2^53 keep every digit", async () => {
  const { text } = await invoke(
    people,
    '{"dataframe_records": [{"age": 9007199254740993, "height": 1, "colour": "x"}], "params": {"outputs": "age_again"}}',
  );
  expect(text).toBe('{"predictions":[9007199254740993]}');
});

test.each([
  ["/ping", "\n"],
  ["/health", "\n"],
  ["/version", expect.stringMatching(/^\d+\.\d+\.\d+$/)],
])("GET %s", async (path, body) => {
  const response = await fetch(people.url + path);
  expect([response.status, await response.text()]).toEqual([200, body]);
});

describe("refusals", () => {
  const rows: [name: string, body: unknown, message: RegExp, status?: number, type?: string][] = [
    ["a bare list", [record], /exactly one of|expected an object with one of dataframe_split.* got a list/],
    ["nothing", "", /the text is empty/],
    ["no data", {}, /request body: holds no data; send exactly one of/],
    ["two forms", { instances: [], inputs: [] }, /instances and inputs exclude each other/],
    ["an unknown member", { instances: [], dataframe: [] }, /there is no member "dataframe"/],
    [
      "an unknown parameter",
      { instances: [record], params: { temperature: 1 } },
      /params\.temperature: there is no such parameter/,
    ],
    [
      "an unknown output",
      { instances: [record], params: { outputs: "summ" } },
      /no output "summ"; did you mean "sum"\?/,
    ],
    [
      "outputs that are numbers",
      { instances: [record], params: { outputs: [1] } },
      /params\.outputs: expected names of outputs, got 1/,
    ],
    ["split without data", { dataframe_split: { columns } }, /dataframe_split\.data: is missing/],
    ["split as a list", { dataframe_split: [] }, /dataframe_split: expected an object/],
    ["split with another member", { dataframe_split: { columns, data: [], rows: 1 } }, /dataframe_split\.rows/],
    [
      "a short row",
      {
        dataframe_split: {
          columns,
          data: [
            [1, 2, "x"],
            [1, 2],
          ],
        },
      },
      /dataframe_split\.data\[1\]: has 2 values for 3 columns/,
    ],
    ["a column twice", { dataframe_split: { columns: ["age", "age", "height"], data: [] } }, /"age" appears twice/],
    [
      "a misspelt column",
      { dataframe_split: { columns: ["age", "hieght", "colour"], data: [] } },
      /there is no column "height", only "hieght"/,
    ],
    [
      "a misspelt member",
      { dataframe_records: [{ ...record, colour: undefined, color: "red" }] },
      /dataframe_records\[0\]: there is no column "colour", only "color"/,
    ],
    ["records as an object", { dataframe_records: record }, /dataframe_records: expected a list/],
    ["a record that is a number", { dataframe_records: [1] }, /dataframe_records\[0\]: expected an object/],
    [
      "too few positions",
      { instances: [[1, 2]] },
      /instances\[0\]: has 2 values, the model has 3 inputs; in this order: age, height, colour/,
    ],
    [
      "a value where a row belongs",
      { instances: [1] },
      /instances\[0\]: expected an object with the inputs by name, got 1/,
    ],
    [
      "columns of different lengths",
      { inputs: { age: [1, 2], height: [1], colour: ["a", "b"] } },
      /inputs\.height: has 1 rows, inputs\.age has 2/,
    ],
    [
      "text for a number",
      { dataframe_records: [record, { ...record, age: "x" }] },
      /inputs\.age: expected int, got "x" \(row 1\)/,
    ],
    ["an input absent", { dataframe_records: [{ age: 1 }] }, /inputs\.colour: is missing/],
    [
      "null where nothing may miss",
      { dataframe_records: [{ ...record, age: null }] },
      /inputs\.age: expected int, got null/,
    ],
    [
      "NaN where nothing may miss",
      '{"instances": [{"age": NaN, "height": 1, "colour": "x"}]}',
      /inputs\.age: expected int, got NaN/,
    ],
    [
      "an unknown member of instances",
      { instances: [{ ...record, target: 1 }] },
      /inputs\.target: there is no such input/,
    ],
    ["broken JSON", "{", /request body: is not JSON/],
    ["deep JSON", `{"instances": ${"[".repeat(100)}`, /nests deeper than 64 levels/],
    ["XML", "<a/>", /bodies of "application\/xml" are not read here/, 415, "application/xml"],
    [
      "another charset",
      { instances: [record] },
      /"charset=latin1" is not supported/,
      415,
      "application/json; charset=latin1",
    ],
    [
      "another parameter",
      { instances: [record] },
      /"format=pandas-split" is not supported/,
      415,
      "application/json; format=pandas-split",
    ],
    ["CSV without rows", "age,height,colour\n", /holds no rows/, 400, "text/csv"],
    ["CSV with a wrong cell", "age,height,colour\nx,1,red\n", /inputs\.age: expected int, got "x"/, 400, "text/csv"],
    [
      "CSV with a misspelt column",
      "age,hieght,colour\n1,2,red\n",
      /there is no column "height", only "hieght"/,
      400,
      "text/csv",
    ],
    ["CSV with a short line", "age,height,colour\n1,2\n", /line 2: has 2 cells, the header has 3/, 400, "text/csv"],
    ["CSV that is empty", "", /holds no rows/, 400, "text/csv"],
  ];
  test.each(rows)("%s", async (_name, body, message, expected = 400, type = "application/json") => {
    const { status, text } = await invoke(people, body, type);
    const answer = JSON.parse(text) as { error_code: string; message: string };
    expect(answer.message).toMatch(message);
    expect(answer).not.toHaveProperty("stack_trace");
    expect([status, answer.error_code]).toEqual([expected, "BAD_REQUEST"]);
  });
});
