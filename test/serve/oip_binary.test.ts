// The binary tensor extension over HTTP, byte by byte as tritonclient writes and reads it.
import { deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { echoModel, everyDtype, peopleModel, probabilityModel, serve } from "./people_model.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await serve([await peopleModel(), await echoModel(), await probabilityModel()]);
});
afterAll(() => server.close());

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data?: unknown[];
  readonly parameters?: { readonly binary_data_size: number };
}

/** Posts JSON and bytes; gives the answer's JSON and the bytes of its outputs by name. */
async function infer(
  model: string,
  header: object | null,
  bytes: Uint8Array,
  more: Record<string, string> = {},
  encode = (body: Buffer) => body,
) {
  const json = header === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(header));
  const response = await fetch(`${server.url}/v2/models/${model}/infer`, {
    method: "POST",
    body: new Uint8Array(encode(Buffer.concat([json, bytes]))),
    headers: { "Inference-Header-Content-Length": String(json.length), "Content-Type": "", ...more },
  });
  const body = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get("inference-header-content-length") ?? body.length);
  const answer = JSON.parse(body.subarray(0, length).toString()) as { outputs: Output[]; error?: string; id?: string };
  const raw: Record<string, Buffer> = {};
  let at = length;
  for (const { name, parameters } of answer.outputs ?? []) {
    if (!parameters) continue;
    raw[name] = body.subarray(at, at + parameters.binary_data_size);
    at += parameters.binary_data_size;
  }
  expect(at).toBe(body.length);
  return { status: response.status, headers: response.headers, answer, raw };
}

const text = (...values: string[]) =>
  Buffer.concat(
    values.flatMap((value) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(value));
      return [length, Buffer.from(value)];
    }),
  );
const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

const person = { age: bytesOf(BigInt64Array.of(41n)), height: bytesOf(Float64Array.of(10)), colour: text("red") };
const personInput = (name: keyof typeof person, datatype: string) => ({
  name,
  datatype,
  shape: [1, 1],
  parameters: { binary_data_size: person[name].length },
});
const personInputs = [personInput("age", "INT64"), personInput("height", "FP64"), personInput("colour", "BYTES")];
const personBytes = Buffer.concat([person.age, person.height, person.colour]);

describe("both directions", () => {
  const samples: Record<(typeof everyDtype)[number], Buffer> = {
    bool: Buffer.from([0, 1, 1, 0]),
    uint8: Buffer.from([0, 1, 254, 255]),
    uint16: bytesOf(Uint16Array.of(0, 1, 65534, 65535)),
    uint32: bytesOf(Uint32Array.of(0, 1, 2, 2 ** 32 - 1)),
    uint64: bytesOf(BigUint64Array.of(0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n)),
    int8: bytesOf(Int8Array.of(-128, -1, 0, 127)),
    int16: bytesOf(Int16Array.of(-32768, -1, 0, 32767)),
    int32: bytesOf(Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1)),
    int64: bytesOf(BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 53n + 1n, 2n ** 63n - 1n)),
    float16: bytesOf(Uint16Array.of(0x3c00, 0xfbff, 0x7e00, 0x0001)),
    float32: bytesOf(Float32Array.of(0.1, -Infinity, Number.NaN, -0)),
    float64: bytesOf(Float64Array.of(0.1, Infinity, Number.NaN, 5e-324)),
    string: text("", "a", "é🙂", '"\\\n'),
  };

  test("every datatype keeps its bits", async () => {
    const metadata = (await (await fetch(`${server.url}/v2/models/team%20a%2Fecho`)).json()) as { inputs: Output[] };
    const inputs = everyDtype.map((dtype, i) => ({
      name: `in_${dtype}`,
      datatype: metadata.inputs[i]!.datatype,
      shape: [2, 2],
      parameters: { binary_data_size: samples[dtype].length },
    }));
    const body = Buffer.concat(everyDtype.map((dtype) => samples[dtype]));
    const { status, answer, raw } = await infer(
      "team%20a%2Fecho",
      { id: "7", inputs, parameters: { binary_data_output: true } },
      body,
    );
    expect([status, answer.id]).toEqual([200, "7"]);
    for (const dtype of everyDtype) expect([dtype, raw[`out_${dtype}`]]).toEqual([dtype, samples[dtype]]);
  });

  test("the same JSON again and again, with other bytes each time and other JSON between", async () => {
    const ask = async (age: bigint, id?: string) => {
      const bytes = Buffer.concat([bytesOf(BigInt64Array.of(age)), person.height, person.colour]);
      const { answer } = await infer("people", { inputs: personInputs, ...(id === undefined ? {} : { id }) }, bytes);
      return [answer.id, answer.outputs.find(({ name }) => name === "sum")!.data];
    };
    for (let round = 0; round < 3; round++)
      for (let other = 0; other < 10; other++) {
        expect(await ask(BigInt(other))).toEqual([undefined, [other + 10]]);
        expect(await ask(77n, `other ${other}`)).toEqual([`other ${other}`, [87]]);
      }
    const twice = { inputs: [...personInputs, personInputs[0]] };
    for (let turn = 0; turn < 2; turn++) {
      const { status, answer } = await infer("people", twice, Buffer.concat([personBytes, person.age]));
      expect([status, answer.error]).toEqual([400, expect.stringContaining("given twice")]);
    }
    expect(await ask(41n)).toEqual([undefined, [51]]);
  });

  test("answers of few bytes and of many", async () => {
    for (const rows of [1, 100, 4000]) {
      const metadata = (await (await fetch(`${server.url}/v2/models/team%20a%2Fecho`)).json()) as { inputs: Output[] };
      const values = everyDtype.map((dtype) =>
        dtype === "string"
          ? text(...Array.from({ length: 2 * rows }, (_, i) => `é${i}`))
          : Buffer.concat(Array.from({ length: rows }, () => samples[dtype].subarray(samples[dtype].length / 2))),
      );
      const inputs = metadata.inputs.map(({ name, datatype }, i) => ({
        name,
        datatype,
        shape: [rows, 2],
        parameters: { binary_data_size: values[i]!.length },
      }));
      const asked = { inputs, parameters: { binary_data_output: true } };
      const { status, raw } = await infer("team%20a%2Fecho", asked, Buffer.concat(values));
      expect(status).toBe(200);
      for (const [i, dtype] of everyDtype.entries()) expect(raw[`out_${dtype}`]!.equals(values[i]!)).toBe(true);
    }
  });

  test("each output as it was asked for; one in JSON among bytes", async () => {
    const { answer, raw } = await infer(
      "people",
      {
        inputs: personInputs,
        parameters: { binary_data_output: true },
        outputs: [
          { name: "colour_again" },
          { name: "sum", parameters: { binary_data: false } },
          { name: "ratio", parameters: { binary_data: true } },
        ],
      },
      personBytes,
    );
    expect(answer.outputs).toEqual([
      { name: "colour_again", datatype: "BYTES", shape: [1], parameters: { binary_data_size: 7 } },
      { name: "sum", datatype: "FP64", shape: [1], data: [51] },
      { name: "ratio", datatype: "FP64", shape: [1], parameters: { binary_data_size: 8 } },
    ]);
    expect(raw).toEqual({ colour_again: text("red"), ratio: bytesOf(Float64Array.of(10)) });
  });

  test("inputs in JSON among inputs in bytes", async () => {
    const [, height] = personInputs;
    const inputs = [
      { name: "age", datatype: "INT64", shape: [1, 1], data: [41] },
      height,
      { name: "colour", datatype: "BYTES", shape: [1, 1], data: ["red"] },
    ];
    const { answer } = await infer("people", { inputs }, person.height);
    expect(answer.outputs[0]).toMatchObject({ name: "sum", data: [51] });
  });

  test("a request without JSON is the one tensor of the model; all outputs come as bytes", async () => {
    const { answer, raw } = await infer("odds", null, bytesOf(Float32Array.of(1, 3)));
    expect(answer.outputs).toEqual([
      { name: "share", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: 8 } },
    ]);
    expect(raw["share"]).toEqual(bytesOf(Float32Array.of(0.25, 0.75)));
  });

  test.each([
    ["gzip", (body: Buffer) => gzipSync(body)],
    ["deflate", (body: Buffer) => deflateSync(body)],
  ])("%s: the length is that of the JSON before compression", async (encoding, encode) => {
    const header = { inputs: personInputs, outputs: [{ name: "sum" }] };
    const { answer } = await infer("people", header, personBytes, { "Content-Encoding": encoding }, encode);
    expect(answer.outputs[0]).toMatchObject({ data: [51] });
  });

  test("answers are compressed where it is accepted and pays", async () => {
    const rows = 500;
    const body = JSON.stringify({
      inputs: [{ name: "x", datatype: "FP32", shape: [rows, 2], data: Array(rows * 2).fill(1) }],
      parameters: { binary_data_output: true },
    });
    const ask = (accepted: string) =>
      fetch(`${server.url}/v2/models/odds/infer`, { method: "POST", body, headers: { "Accept-Encoding": accepted } });
    const zipped = await ask("deflate;q=0.5, gzip");
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(zipped.headers.get("vary")).toBe("Accept-Encoding");
    // fetch has decompressed it already: what remains must split where the header says.
    const bytes = Buffer.from(await zipped.arrayBuffer());
    const length = Number(zipped.headers.get("inference-header-content-length"));
    expect(bytes.length - length).toBe(rows * 2 * 4);
    expect((await ask("identity")).headers.get("content-encoding")).toBe(null);
    expect((await ask("gzip;q=0, deflate")).headers.get("content-encoding")).toBe("deflate");
    expect(gunzipSync(gzipSync(bytes))).toEqual(bytes);
  });
});

test("classification: the largest values with their names", async () => {
  const inputs = [{ name: "x", datatype: "FP32", shape: [2, 2], data: [1, 3, 4, 1] }];
  const { answer } = await infer(
    "odds",
    { inputs, outputs: [{ name: "share", parameters: { classification: 1 } }] },
    Buffer.alloc(0),
  );
  expect(answer.outputs).toEqual([
    { name: "share", datatype: "BYTES", shape: [2, 1], data: ["0.75:1:yes", "0.8:0:no"] },
  ]);
});

describe("refusals", () => {
  const [age, height, colour] = personInputs;
  const sized = (input: object | undefined, size: number) => ({ ...input, parameters: { binary_data_size: size } });
  const rows: [name: string, header: object, bytes: Buffer, length: string | null, message: RegExp][] = [
    [
      "a length beyond the body",
      { inputs: [] },
      Buffer.alloc(0),
      "999",
      /header Inference-Header-Content-Length: is 999, the body has \d+ bytes/,
    ],
    ["a length that is no number", { inputs: [] }, Buffer.alloc(0), "ten", /expected a number of bytes, got "ten"/],
    ["a length inside the JSON", { inputs: [] }, Buffer.alloc(0), "5", /request body: is not JSON/],
    [
      "too few bytes",
      { inputs: personInputs },
      personBytes.subarray(0, 12),
      null,
      /inputs\.height: needs 8 bytes after the JSON, 4 are left/,
    ],
    [
      "too many bytes",
      { inputs: personInputs },
      Buffer.concat([personBytes, Buffer.alloc(3)]),
      null,
      /request body: 3 bytes follow the last tensor/,
    ],
    [
      "a size that contradicts the shape",
      { inputs: [sized(age, 16), height, colour] },
      Buffer.alloc(40),
      null,
      /inputs\.age: shape \[1,1\] of INT64 takes 8 bytes, 16 were sent/,
    ],
    [
      "a huge shape",
      { inputs: [{ ...age, shape: [2 ** 40, 1] }] },
      person.age,
      null,
      /inputs\.age: .* takes 8796093022208 bytes, 8 were sent/,
    ],
    [
      "a text that ends too early",
      { inputs: [sized(colour, 5)] },
      text("red").subarray(0, 5),
      null,
      /inputs\.colour: the bytes end inside element 0/,
    ],
    [
      "a text of 4 GiB",
      { inputs: [sized(colour, 6)] },
      Buffer.from("ffffffff4142", "hex"),
      null,
      /inputs\.colour: the bytes end inside element 0/,
    ],
    [
      "texts without bytes",
      { inputs: [{ ...sized(colour, 4), shape: [2 ** 30, 1] }] },
      Buffer.alloc(4),
      null,
      /1073741824 elements of BYTES take 4294967296 bytes at least, 4 were sent/,
    ],
    [
      "bytes after the last text",
      { inputs: [sized(colour, 9)] },
      Buffer.concat([text("red"), Buffer.alloc(2)]),
      null,
      /2 bytes are left after 1 elements/,
    ],
    [
      "a text that is not UTF-8",
      { inputs: [sized(colour, 5)] },
      Buffer.concat([Buffer.from([1, 0, 0, 0]), Buffer.from([0xff])]),
      null,
      /inputs\.colour: element 0 is not UTF-8/,
    ],
    [
      "a negative size",
      { inputs: [sized(age, -8)] },
      Buffer.alloc(0),
      null,
      /inputs\[0\]\.parameters\.binary_data_size: expected a whole number/,
    ],
    [
      "bytes without the header",
      { inputs: personInputs },
      personBytes,
      "none",
      /request body: (is not JSON|not valid UTF-8)/,
    ],
    [
      "sizes without bytes or header",
      { inputs: personInputs },
      Buffer.alloc(0),
      "none",
      /inputs\.age: needs 8 bytes .*send the length of the JSON as header/,
    ],
    ["no JSON, three inputs", {}, Buffer.alloc(0), "0", /needs a model with one input, this one has 3/],
    [
      "classes of a text",
      { inputs: personInputs, outputs: [{ name: "colour_again", parameters: { classification: 1 } }] },
      personBytes,
      null,
      /outputs\.colour_again.*string values, which have no largest/,
    ],
  ];
  test.each(rows)("%s", async (_name, header, bytes, length, message) => {
    const json = Buffer.from(JSON.stringify(header));
    const headers: Record<string, string> =
      length === "none" ? {} : { "Inference-Header-Content-Length": length ?? String(json.length) };
    const body = new Uint8Array(Buffer.concat([json, bytes]));
    const response = await fetch(`${server.url}/v2/models/people/infer`, { method: "POST", body, headers });
    const answer = (await response.json()) as { error: string };
    expect(answer.error).toMatch(message);
    expect(answer.error).not.toMatch(/\bat .*\.ts:\d/);
    expect(response.status).toBe(400);
  });

  test("truth values are 0 or 1", async () => {
    const inputs = [{ name: "in_bool", datatype: "BOOL", shape: [1, 2], parameters: { binary_data_size: 2 } }];
    const { status, answer } = await infer("team%20a%2Fecho", { inputs }, Buffer.from([1, 2]));
    expect([status, answer.error]).toEqual([400, "inputs.in_bool: expected BOOL as 0 or 1, got byte 2 (element 1)"]);
  });
});
