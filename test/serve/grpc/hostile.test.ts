// gRPC by people who mean it ill: bytes in the place of messages, lengths that lie, tensors that are none, clients that do not read.
import http2 from "node:http2";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ModelInferRequest, modelInferRequest } from "../../../src/serve/grpc/inference_messages.ts";
import type { FinishedRequest, RunningServer } from "../../../src/serve/index.ts";
import { peopleModel, serve } from "../people_model.ts";

const path = "/inference.GRPCInferenceService/ModelInfer";
const streaming = "/inference.GRPCInferenceService/ModelStreamInfer";
const errors: string[] = [];
const finished: FinishedRequest[] = [];
let server: RunningServer;
let session: http2.ClientHttp2Session;
beforeAll(async () => {
  server = await serve([await peopleModel()], {
    grpcPort: 0,
    bodyLimit: 2 ** 20,
    errorLog: (line) => errors.push(line),
    observers: [(request) => finished.push(request)],
  });
  session = http2.connect(`http://127.0.0.1:${server.grpcPort}`);
});
afterAll(async () => {
  session.close();
  await server.close();
});

const [INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL] = [
  3, 4, 5, 8, 12, 13,
];
const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const text = (value: string | Buffer) =>
  Buffer.concat([Buffer.from(Uint32Array.of(value.length).buffer), Buffer.from(value as string)]);
const person = {
  model_name: "people",
  inputs: [
    { name: "age", datatype: "INT64", shape: BigInt64Array.of(1n, 1n) },
    { name: "height", datatype: "FP64", shape: BigInt64Array.of(1n, 1n) },
    { name: "colour", datatype: "BYTES", shape: BigInt64Array.of(1n, 1n) },
  ],
  raw_input_contents: [bytesOf(BigInt64Array.of(41n)), bytesOf(Float64Array.of(10)), text("red")],
};
const encoded = (request: unknown) => Buffer.from(modelInferRequest.encode(request as ModelInferRequest));
const message = (bytes: Uint8Array, flag = 0, length = bytes.length) => {
  const head = Buffer.of(flag, 0, 0, 0, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
};
const usual = { "content-type": "application/grpc", te: "trailers" };

interface Answer {
  readonly status: number | undefined;
  readonly code: number;
  readonly words: string;
}

/** Status and message of a stream, from its trailers or from headers that are all there is. */
function answerOf(stream: http2.ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let all: http2.IncomingHttpHeaders = {};
    const hear = (headers: http2.IncomingHttpHeaders) => {
      all = { ...all, ...headers };
    };
    stream.on("response", hear).on("trailers", hear).on("error", reject).resume();
    stream.on("close", () =>
      resolve({
        status: all[":status"] as unknown as number,
        code: Number(all["grpc-status"] ?? -1),
        words: decodeURIComponent(String(all["grpc-message"] ?? "")),
      }),
    );
  });
}

/** What comes back for a stream that has these bytes. */
function said(body: Uint8Array, headers: Record<string, string> = {}, target = path): Promise<Answer> {
  const stream = session.request({ ":method": "POST", ":path": target, ...usual, ...headers });
  stream.end(body);
  return answerOf(stream);
}

async function othersAreAnswered() {
  expect((await said(message(encoded(person)))).code).toBe(0);
  expect(errors).toEqual([]);
}

const changed = (input: number, change: object, raw?: Buffer) => ({
  ...person,
  inputs: person.inputs.map((one, i) => (i === input ? { ...one, ...change } : one)),
  raw_input_contents: person.raw_input_contents.map((one, i) => (i === input && raw ? raw : one)),
});
const contents = (input: number, datatype: string, given: object) => ({
  ...person,
  inputs: person.inputs.map((one, i) => ({
    ...one,
    ...(i === input ? { datatype, contents: given } : { contents: kept[i] }),
  })),
  raw_input_contents: [],
});
const kept = [
  { int64_contents: BigInt64Array.of(41n) },
  { fp64_contents: Float64Array.of(10) },
  { bytes_contents: [Buffer.from("red")] },
];

const refused: [name: string, body: () => Uint8Array, code: number, words: RegExp, headers?: Record<string, string>][] =
  [
    ["no message", () => Buffer.alloc(0), UNIMPLEMENTED, /one message, and none came/],
    [
      "two messages",
      () => Buffer.concat([message(encoded(person)), message(encoded(person))]),
      UNIMPLEMENTED,
      /second one/,
    ],
    ["half a head", () => Buffer.of(0, 0, 0), INVALID_ARGUMENT, /ended inside of a message/],
    [
      "a length beyond what comes",
      () => message(encoded(person), 0, 1000),
      INVALID_ARGUMENT,
      /ended inside of a message/,
    ],
    ["a length below what comes", () => message(encoded(person), 0, 10), INTERNAL, /expected 0 or 1/],
    [
      "4 GiB, by its length",
      () => message(Buffer.alloc(9), 0, 2 ** 32 - 1),
      RESOURCE_EXHAUSTED,
      /4294967295 bytes, more than 1048576/,
    ],
    ["a message above the limit", () => message(Buffer.alloc(2 ** 20 + 1)), RESOURCE_EXHAUSTED, /more than/],
    ["a flag that nobody knows", () => message(encoded(person), 2), INTERNAL, /got 2/],
    ["compressed, and not said how", () => message(gzipSync(encoded(person)), 1), INTERNAL, /grpc-encoding/],
    [
      "compressed by what nobody knows",
      () => message(encoded(person), 1),
      UNIMPLEMENTED,
      /snappy/,
      { "grpc-encoding": "snappy" },
    ],
    [
      "not what it says it is",
      () => message(encoded(person), 1),
      INVALID_ARGUMENT,
      /not gzip data/,
      { "grpc-encoding": "gzip" },
    ],
    [
      "a bomb",
      () => message(gzipSync(Buffer.alloc(2 ** 28)), 1),
      RESOURCE_EXHAUSTED,
      /decompressed/,
      { "grpc-encoding": "gzip" },
    ],
    ["no protobuf", () => message(Buffer.from("{}")), INVALID_ARGUMENT, /./],
    ["deep protobuf", () => message(Buffer.from("2a".repeat(50_000), "hex")), INVALID_ARGUMENT, /./],
    ["a name that is not UTF-8", () => message(Buffer.of(10, 2, 0xc3, 0x28)), INVALID_ARGUMENT, /./],
    ["no model of that name", () => message(encoded({ ...person, model_name: "nobody" })), NOT_FOUND, /"nobody"/],
    [
      "no model of that name, %, 😀",
      () => message(encoded({ ...person, model_name: `%41${"😀".repeat(300)}` })),
      NOT_FOUND,
      /%41😀/,
    ],
    ["no such version", () => message(encoded({ ...person, model_version: "9" })), NOT_FOUND, /"9"/],
    ["no inputs", () => message(encoded({ model_name: "people" })), INVALID_ARGUMENT, /age.*missing|missing.*age/],
    [
      "no such input",
      () => message(encoded(changed(0, { name: "agee" }))),
      INVALID_ARGUMENT,
      /agee.*did you mean "age"/,
    ],
    [
      "an input twice",
      () => message(encoded(changed(0, { name: "height" }, bytesOf(Float64Array.of(1))))),
      INVALID_ARGUMENT,
      /height/,
    ],
    ["the wrong datatype", () => message(encoded(changed(0, { datatype: "FP32" }))), INVALID_ARGUMENT, /age: .*INT64/],
    [
      "no datatype that is one",
      () => message(encoded(changed(0, { datatype: "INT65" }))),
      INVALID_ARGUMENT,
      /age: .*INT65/,
    ],
    ["the wrong shape", () => message(encoded(changed(0, { shape: BigInt64Array.of(1n) }))), INVALID_ARGUMENT, /age: /],
    [
      "a size below 0",
      () => message(encoded(changed(0, { shape: BigInt64Array.of(-1n, 1n) }))),
      INVALID_ARGUMENT,
      /age: .*-1/,
    ],
    [
      "sizes whose product is 2^62",
      () => message(encoded(changed(0, { shape: BigInt64Array.of(2n ** 31n, 2n ** 31n) }))),
      INVALID_ARGUMENT,
      /age: /,
    ],
    [
      "a size above 2^53",
      () => message(encoded(changed(0, { shape: BigInt64Array.of(2n ** 60n, 1n) }))),
      INVALID_ARGUMENT,
      /age: /,
    ],
    [
      "other numbers of rows",
      () => message(encoded(changed(0, { shape: BigInt64Array.of(2n, 1n) }, bytesOf(BigInt64Array.of(1n, 2n))))),
      INVALID_ARGUMENT,
      /age|height/,
    ],
    ["raw bytes too few", () => message(encoded(changed(0, {}, Buffer.alloc(7)))), INVALID_ARGUMENT, /age: .*8/],
    ["raw bytes too many", () => message(encoded(changed(0, {}, Buffer.alloc(9)))), INVALID_ARGUMENT, /age: .*8/],
    [
      "raw contents for some",
      () => message(encoded({ ...person, raw_input_contents: person.raw_input_contents.slice(1) })),
      INVALID_ARGUMENT,
      /2 entries for 3 inputs/,
    ],
    [
      "a text longer than its bytes",
      () => message(encoded(changed(2, {}, Buffer.of(255, 255, 255, 255, 1)))),
      INVALID_ARGUMENT,
      /colour: /,
    ],
    [
      "a text that is not UTF-8",
      () => message(encoded(changed(2, {}, text(Buffer.of(0xc3, 0x28))))),
      INVALID_ARGUMENT,
      /colour: .*UTF-8/,
    ],
    [
      "a number below its bound",
      () => message(encoded(changed(0, {}, bytesOf(BigInt64Array.of(-1n))))),
      INVALID_ARGUMENT,
      /age/,
    ],
    [
      "contents beside raw ones",
      () => message(encoded(changed(0, { contents: kept[0] }))),
      INVALID_ARGUMENT,
      /age: .*raw_input_contents/,
    ],
    [
      "contents of another type",
      () => message(encoded(contents(0, "INT64", { int_contents: Int32Array.of(4) }))),
      INVALID_ARGUMENT,
      /age: .*int64_contents/,
    ],
    [
      "contents too many",
      () => message(encoded(contents(0, "INT64", { int64_contents: BigInt64Array.of(4n, 5n) }))),
      INVALID_ARGUMENT,
      /age: .*1 values.* 2/,
    ],
    [
      "a bytes content that is not UTF-8",
      () => message(encoded(contents(2, "BYTES", { bytes_contents: [Buffer.of(255)] }))),
      INVALID_ARGUMENT,
      /colour: .*UTF-8/,
    ],
    [
      "an output that is not there",
      () => message(encoded({ ...person, outputs: [{ name: "sun" }] })),
      INVALID_ARGUMENT,
      /sun.*did you mean "sum"/,
    ],
    [
      "a timeout that is none",
      () => message(encoded(person)),
      INVALID_ARGUMENT,
      /grpc-timeout/,
      { "grpc-timeout": "soon" },
    ],
  ];
test.each(refused)("%s", async (_name, body, code, words, headers) => {
  const answer = await said(body(), headers);
  expect(answer.words).not.toMatch(/\bat .*(\.ts|node:)|node_modules|\/src\//);
  expect(answer).toMatchObject({ code, words: expect.stringMatching(words) });
});

test("nobody else was harmed", othersAreAnswered);

test("what is not gRPC, and methods that are not there", async () => {
  const type = (value: string) => said(Buffer.alloc(0), { "content-type": value }).then(({ status }) => status);
  expect(await Promise.all(["application/json", "application/grpcx", "application/grpc+json", ""].map(type))).toEqual(
    Array(4).fill(415),
  );
  expect(await said(Buffer.alloc(0), {}, "/nowhere")).toMatchObject({
    code: UNIMPLEMENTED,
    words: expect.stringContaining('"/nowhere"'),
  });
  expect((await said(message(encoded(person)), { "content-type": "application/grpc+proto" })).code).toBe(0);
  await othersAreAnswered();
});

test("integers above 2^53 are computed with as they are, and NaN is a number", async () => {
  const exact = changed(0, {}, bytesOf(BigInt64Array.of(2n ** 53n + 1n)));
  expect((await said(message(encoded(exact)))).code).toBe(0);
  expect((await said(message(encoded(changed(1, {}, bytesOf(Float64Array.of(Number.NaN))))))).code).toBe(0);
});

test("a deadline passes although its message never comes; one that is very long is none", async () => {
  const stream = session.request({ ":method": "POST", ":path": path, ...usual, "grpc-timeout": "20m" });
  stream.write(Buffer.of(0, 0));
  expect((await answerOf(stream)).code).toBe(DEADLINE_EXCEEDED);
  expect((await said(message(encoded(person)), { "grpc-timeout": "99999999H" })).code).toBe(0);
});

test("a client that never reads its stream is not computed for without end", async () => {
  const stream = session.request({ ":method": "POST", ":path": streaming, ...usual });
  stream.on("error", () => {});
  // Nothing is read, so no more than the 64 KiB of its window may come.
  const one = message(encoded({ ...person, id: "x".repeat(1000) }));
  finished.length = 0;
  const sent = 4000;
  for (let i = 0; i < sent; i++) stream.write(one);
  let before = -1;
  while (finished.length !== before) {
    before = finished.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(finished.length).toBeGreaterThan(30);
  expect(finished.length).toBeLessThan(sent / 4);
  stream.close(http2.constants.NGHTTP2_CANCEL);
  await othersAreAnswered();
});

test("streams that are reset in the middle of a message, and connections that end there", async () => {
  const half = message(encoded(person)).subarray(0, 40);
  const begun = (on: http2.ClientHttp2Session) => {
    const stream = on.request({ ":method": "POST", ":path": path, ...usual });
    stream.on("error", () => {}).write(half);
    return stream;
  };
  for (let i = 0; i < 50; i++) {
    const stream = begun(session);
    setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), 5);
  }
  const other = http2.connect(`http://127.0.0.1:${server.grpcPort}`);
  begun(other);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await othersAreAnswered();
  expect(server.serving.memory.held).toBe(half.length);
  other.destroy();
  while (server.serving.memory.held > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await othersAreAnswered();
});

test("any bytes as a message", async () => {
  const whole = encoded(person);
  const broken = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }).map((changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    }),
  );
  await fc.assert(
    fc.asyncProperty(broken, async (bytes) => {
      expect([0, INVALID_ARGUMENT, NOT_FOUND]).toContain((await said(message(bytes))).code);
    }),
    { numRuns: 300 },
  );
  await othersAreAnswered();
});
