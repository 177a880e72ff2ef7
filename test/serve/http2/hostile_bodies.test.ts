// What is wrong with a request is wrong over HTTP/2 as it is over HTTP/1.1, in the same words; and what only HTTP/2 can do harms nobody.
import { once } from "node:events";
import http2 from "node:http2";
import { connect } from "node:net";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FinishedRequest, type RunningServer, startServer } from "../../../src/serve/index.ts";
import { peopleModel, serve, slowed } from "../people_model.ts";

const record = '{"age":41,"height":10,"colour":"red"}';
const [certificate, key] = ["one.cert.pem", "one.key.pem"].map((file) =>
  path.join(import.meta.dirname, "../listener/tls", file),
) as [string, string];
const limit = 100_000;
const errors: string[] = [];
let plain: RunningServer;
let encrypted: RunningServer;
beforeAll(async () => {
  const options = { errorLog: (line: string) => errors.push(line), bodyLimit: limit };
  plain = await serve([await peopleModel()], options);
  encrypted = await serve([await peopleModel()], { ...options, tls: { certificate, key } });
});
afterAll(async () => {
  await plain.close();
  await encrypted.close();
});

type Headers = Record<string, string>;
interface Answer {
  readonly status: number;
  readonly text: string;
}

async function overHttp2(
  session: http2.ClientHttp2Session,
  target: string,
  body: Buffer,
  headers: Headers,
): Promise<Answer> {
  const stream = session.request({ ":method": "POST", ":path": target, ...headers });
  stream.on("error", () => {}).end(body);
  const [answer] = (await once(stream, "response")) as [http2.IncomingHttpHeaders & { ":status": number }];
  return { status: answer[":status"], text: Buffer.concat(await stream.toArray()).toString() };
}

function overHttp1(target: string, body: Buffer, headers: Headers): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(plain.port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk)).on("error", reject);
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString();
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text: text.slice(text.indexOf("\r\n\r\n") + 4) });
    });
    const all = { Host: "a", Connection: "close", "Content-Length": String(body.length), ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(Buffer.concat([Buffer.from(`POST ${target} HTTP/1.1\r\n${lines.join("")}\r\n`), body]));
  });
}

const person = (age: unknown, more = {}) => ({ age, height: 10, colour: "red", ...more });
const oip = (change: object) => ({
  inputs: [
    { name: "age", datatype: "INT64", shape: [1, 1], data: [41], ...change },
    { name: "height", datatype: "FP64", shape: [1, 1], data: [10] },
    { name: "colour", datatype: "BYTES", shape: [1, 1], data: ["red"] },
  ],
});
const infer = "/v2/models/people/infer";
const rows: [name: string, target: string, body: unknown, status: number, words: RegExp, headers?: Headers][] = [
  ["nothing", "/predict", "", 400, /./],
  ["half of a record", "/predict", record.slice(0, 20), 400, /JSON_MALFORMED/],
  ["a text for a number", "/predict", person("41"), 400, /expected int, got .*41.*inputs\.age/],
  ["an input too few", "/predict", { age: 41 }, 400, /inputs\.height|inputs\.colour/],
  ["an input too many", "/predict", person(41, { colr: 1 }), 400, /colr/],
  ["a bare NaN", "/predict", record.replace("41", "NaN"), 400, /JSON_MALFORMED/],
  ["an integer above 2^53", "/predict", record.replace("41", "9007199254740993"), 200, /9007199254740993/],
  [
    "an integer above 2^63",
    "/predict",
    record.replace("41", "9223372036854775808"),
    400,
    /does not fit int64.*inputs\.age/,
  ],
  ["deep JSON", "/predict", "[".repeat(50_000), 400, /64|deep/],
  ["invalid UTF-8", "/predict", Buffer.from([0x7b, 0x22, 0xc3, 0x28]), 400, /not valid UTF-8/],
  ["a body above the limit", "/predict", "x".repeat(limit + 1), 413, /BODY_TOO_LARGE/],
  [
    "a bomb",
    "/predict",
    gzipSync(Buffer.alloc(2 ** 24)),
    413,
    /larger than 100000 bytes once it is decompressed/,
    { "content-encoding": "gzip" },
  ],
  ["not compressed at all", "/predict", record, 400, /not gzip data/, { "content-encoding": "gzip" }],
  ["compressed by what nobody knows", "/predict", record, 415, /compress/, { "content-encoding": "compress" }],
  [
    "a wrong binary length",
    infer,
    `${JSON.stringify(oip({ data: undefined, parameters: { binary_data_size: 8 } }))}1234567`,
    400,
    /JSON/,
  ],
  [
    "a length of the JSON beyond the body",
    infer,
    oip({}),
    400,
    /Inference-Header-Content-Length/,
    { "inference-header-content-length": "99999" },
  ],
  ["another datatype", infer, oip({ datatype: "FP32" }), 400, /inputs\.age: expected datatype INT64/],
  ["another shape", infer, oip({ shape: [2, 1] }), 400, /inputs\.age/],
  ["an unknown model", "/v2/models/nobody/infer", oip({}), 404, /nobody/],
  ["an unknown version", "/v2/models/people/versions/9/infer", oip({}), 404, /9/],
  ["two forms at once", "/invocations", { instances: [[1]], inputs: [[1]] }, 400, /exactly one|one of/],
  ["an expectation", "/predict", record, 417, /EXPECTATION_UNSUPPORTED.*200-ok/, { expect: "200-ok" }],
  ["a time that is none", "/predict", record, 400, /Ingot-Timeout-Ms/, { "ingot-timeout-ms": "soon" }],
  ["no such route", "/predictions", record, 404, /ROUTE_UNKNOWN/],
];

describe.each([
  ["by prior knowledge", () => plain],
  ["by ALPN", () => encrypted],
])("%s", (_how, server) => {
  let session: http2.ClientHttp2Session;
  beforeAll(() => {
    session = http2.connect(server().url, { rejectUnauthorized: false });
  });
  afterAll(() => session.close());

  test.each(rows)("%s", async (_name, target, given, status, words, headers = {}) => {
    const body = Buffer.isBuffer(given)
      ? given
      : Buffer.from(typeof given === "string" ? given : JSON.stringify(given));
    const [two, one] = await Promise.all([overHttp2(session, target, body, headers), overHttp1(target, body, headers)]);
    expect(two).toMatchObject({ status, text: expect.stringMatching(words) });
    expect(two).toEqual(one);
    expect(two.text).not.toMatch(/\bat .*(\.ts|node:)|node_modules|\/src\//);
  });

  test("the session was answered all along, and nothing was our failure", async () => {
    expect(await overHttp2(session, "/predict", Buffer.from(record), {})).toMatchObject({
      status: 200,
      text: expect.stringContaining('"sum":51'),
    });
    expect(errors).toEqual([]);
  });
});

test("100-continue is agreed to, unless the body is too large by its own account", async () => {
  const ask = async (length: number) => {
    const socket = connect(plain.port, "127.0.0.1");
    socket.write(
      `POST /predict HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
    );
    const [first] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return first.toString().split("\r\n")[0];
  };
  expect([await ask(10), await ask(limit + 1)]).toEqual(["HTTP/1.1 100 Continue", "HTTP/1.1 413 Payload Too Large"]);
});

test("streams that are reset in the middle of their bodies or before their answers free what they held", async () => {
  const model = await peopleModel();
  const finished: FinishedRequest[] = [];
  const server = await serve([{ ...model, predictor: slowed(model.predictor, 30) }], {
    observers: [(request) => finished.push(request)],
    errorLog: (line) => errors.push(line),
  });
  const session = http2.connect(server.url);
  const started = (end: boolean) => {
    const stream = session.request({ ":method": "POST", ":path": "/predict" });
    stream.on("error", () => {});
    if (end) stream.end(record);
    else stream.write(record.slice(0, 10));
    return stream;
  };
  const streams = Array.from({ length: 60 }, (_, i) => started(i % 2 === 0));
  while (server.serving.memory.held === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  for (const stream of streams) stream.close(http2.constants.NGHTTP2_CANCEL);
  expect((await overHttp2(session, "/predict", Buffer.from(record), {})).status).toBe(200);
  while (finished.length < 61) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(server.serving.memory.held).toBe(0);
  expect(errors).toEqual([]);
  session.close();
  await server.close();
});

test("many large bodies at once: what does not fit beside the others is asked to come again", async () => {
  const server = await startServer({ models: [await peopleModel()], port: 0, webFolder: null, bodyLimit: 2 ** 26 });
  // The limit is 512 MiB here; nine bodies that stop before their ends would hold more.
  const { memory } = server.serving;
  memory.take(memory.limit - 1000);
  const ask = (body: string) => fetch(`${server.url}/predict`, { method: "POST", body });
  const refused = await ask(`${record}${" ".repeat(2000)}`);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await refused.json()).toMatchObject({ error: { code: "OVERLOADED" } });
  expect((await ask(record)).status).toBe(200);
  expect(memory.held).toBe(memory.limit - 1000);
  memory.take(1000 - memory.limit);
  await server.close();
});

test("a client that opens no window gets nothing, others do, and once it is gone nothing is kept for it", async () => {
  const plain = await serve([await peopleModel()]);
  const session = http2.connect(plain.url, { settings: { initialWindowSize: 0 } });
  await once(session, "remoteSettings");
  const streams = Array.from({ length: 100 }, () => session.request({ ":path": "/openapi.json" }));
  for (const stream of streams) stream.on("error", () => {});
  await Promise.all(streams.map((stream) => once(stream, "response")));
  expect((await fetch(`${plain.url}/predict`, { method: "POST", body: record })).status).toBe(200);
  session.destroy();
  await plain.close();
  // Below the 30 s after which whatever is left is destroyed.
}, 20_000);
