// A server among people who mean it ill: whatever is sent, it answers with a status of theirs, tells nothing of itself, and goes on.
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, serve } from "./people_model.ts";

const record = '{"age":41,"height":10,"colour":"red"}';
const errors: string[] = [];
let server: RunningServer;
beforeAll(async () => {
  server = await serve([await peopleModel()], { errorLog: (line) => errors.push(line), headersTimeoutMs: 1000 });
});
afterAll(() => server.close());

/** All that comes back until the server ends the connection. */
function said(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    socket.write(bytes);
  });
}

const head = "Host: a\r\nConnection: close\r\n";
const post = (target: string, body: string, headers = "") =>
  `POST ${target} HTTP/1.1\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;

/** Asks all, sixteen at a time. @returns the first status of each */
async function statuses(asked: readonly (string | Buffer)[]): Promise<string[]> {
  const found: string[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < asked.length) {
        const place = next++;
        const text = await said(asked[place]!);
        expect(text, String(asked[place]).slice(0, 100)).not.toMatch(/\bat .*(\.ts|node:)|node_modules|\/src\//);
        found[place] = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? "closed";
      }
    }),
  );
  // Nobody else was harmed.
  expect(await said(post("/predict", record))).toContain('"sum":51');
  expect(errors).toEqual([]);
  return found;
}

test("every method on every kind of path", async () => {
  const methods = "GET HEAD OPTIONS PUT DELETE PATCH TRACE PROPFIND PURGE CONNECT M-SEARCH get FOO QUERY".split(" ");
  const paths = [
    ...[
      "/",
      "/predict",
      "/v2/models/people",
      "/v2/models/people/infer",
      "/v2/repository/index",
      "/invocations",
      "/ping",
    ],
    ...["/v1/models/people:predict", "/endpoints/people/invocations", "/metrics", "/status.json", "/outcomes/x"],
    ...["/%", "/%00", "/..%2f..%2fetc%2fpasswd", "/assets/..%2f..%2fpackage.json", "//", "/v2/models/__proto__"],
    ...["/v2/models/constructor/infer", "/predict/__proto__", "/predict?x=%ff", `/${"a".repeat(8000)}`, "/\u00e9", "*"],
  ];
  const asked = methods.flatMap((method) => paths.map((path) => `${method} ${path} HTTP/1.1\r\n${head}\r\n`));
  for (const [place, status] of (await statuses(asked)).entries())
    expect(status, asked[place]!.slice(0, 60)).toMatch(/^(200|204|4\d\d)$/);
});

test("bodies that are almost JSON, in every dialect", async () => {
  const age = (value: string) => record.replace("41", value);
  const bodies = [
    ...[
      "",
      "\0",
      `\ufeff${record}`,
      "\ufeff",
      `{"age":7,"age":"x",${record.slice(1)}`,
      '{"constructor":{"prototype":{}}}',
    ],
    ...[
      `{"__proto__":{"age":1},${record.slice(1)}`,
      "[".repeat(100_000),
      '{"a":'.repeat(100_000),
      `"${"x".repeat(1e6)}"`,
    ],
    ...[
      "NaN",
      "Infinity",
      "1e999",
      "9".repeat(5000),
      "1e-99999999999",
      "9007199254740993",
      "-0",
      "007",
      "0x7",
      "+7",
    ].map(age),
    ...["[41]", "{}", '"\\ud800"', "1.", ".5", "1e", "--1", "tru", "undefined"].map(age),
    ...[`${record}x`, `${record.slice(0, -1)},}`, record.replaceAll('"', "'"), `[${"null,".repeat(1e4)}null]`],
    `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join(",")}}`,
  ];
  const dialects: [target: string, wrap: (body: string) => string][] = [
    ["/predict", (body) => body],
    ["/invocations", (body) => `{"dataframe_records":[${body}]}`],
    ["/v1/models/people:predict", (body) => `{"instances":[${body}]}`],
    [
      "/v2/models/people/infer",
      (body) => `{"inputs":[{"name":"age","shape":[1,1],"datatype":"INT64","data":[${body}]}]}`,
    ],
    ["/endpoints/people/invocations", (body) => `{"inputs":${body}}`],
  ];
  const asked = dialects.flatMap(([target, wrap]) =>
    bodies.flatMap((body) => [post(target, wrap(body)), post(target, body)]),
  );
  for (const [place, status] of (await statuses(asked)).entries())
    expect(status, asked[place]!.slice(0, 300)).toMatch(/^(200|4\d\d)$/);
});

test("what two servers could read differently is refused, and the connection ends", async () => {
  const start = "POST /predict HTTP/1.1\r\nHost: a\r\n";
  const refused = [
    `${start}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${start}Content-Length: 4\r\nContent-Length: 5\r\n\r\nxxxx`,
    `${start}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
    `${start}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    `${start}Content-Length : 4\r\n\r\nxxxx`,
    `${start}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\n-1\r\n`,
    `${start}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx`,
    `${start}Transfer-Encoding: chunked\r\n\r\n2;${"e".repeat(100_000)}\r\n{}\r\n0\r\n\r\n`,
    "GET /healthz HTTP/1.1\r\n\r\n",
    "GET /healthz HTTP/3.7\r\nHost: a\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    `GET /healthz HTTP/1.1\r\nHost: a\r\n${"h: 1\r\n".repeat(20_000)}\r\n`,
    `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0]),
  ];
  for (const [place, status] of (await statuses(refused)).entries())
    expect(status, String(refused[place]).slice(0, 100)).toMatch(/^4\d\d$/);
});

test("headers that lie", async () => {
  const lies = [
    ...["-1", "99999999999", "1e3", "x"].map((value) => `Inference-Header-Content-Length: ${value}`),
    ...["-1", "1e999", "x"].map((value) => `Ingot-Timeout-Ms: ${value}`),
    ...["gzip, gzip", "gzip", "compress", "br"].map((value) => `Content-Encoding: ${value}`),
    ...[
      "Ingot-Variant: __proto__",
      "X-Amzn-SageMaker-Target-Variant: nobody",
      "traceparent: 00-zz-zz-zz",
      "__proto__: x",
    ],
    ...["Accept-Encoding: *;q=", "Expect: 200-ok", "Upgrade: websocket", `Cookie: ${"a=b;".repeat(1000)}`],
  ];
  const asked = lies.flatMap((lie) =>
    ["/predict", "/v2/models/people/infer"].map((target) => post(target, record, `${lie}\r\n`)),
  );
  for (const [place, status] of (await statuses(asked)).entries())
    expect(status, asked[place]!.slice(0, 200)).toMatch(/^(200|4\d\d)$/);
});

test("a connection goes on after errors, and answers come in order", async () => {
  const kept = (target: string, body: string) => post(target, body).replace("Connection: close\r\n", "");
  const answers = await said(
    kept("/predict", record) +
      kept("/predict", "{") +
      kept("/predict", record) +
      kept("/v2/models/nobody/infer", "{}") +
      kept("/nowhere", "x") +
      post("/predict", record),
  );
  expect([...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
    "200",
    "400",
    "200",
    "404",
    "404",
    "200",
  ]);
});
