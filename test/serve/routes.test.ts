import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IngotError } from "../../src/core/index.ts";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, serve, slowed } from "./people_model.ts";

let server: RunningServer;
const logged: string[] = [];
beforeAll(async () => {
  server = await serve([await peopleModel()], { errorLog: (line) => logged.push(line) });
});
afterAll(() => server.close());

describe("methods and paths", () => {
  const rows: [method: string, path: string, status: number, allow: string | null][] = [
    ["GET", "/healthz", 200, null],
    ["HEAD", "/healthz", 200, null],
    ["GET", "/healthz/", 200, null],
    ["GET", "/healthz?full=1", 200, null],
    ["GET", "/readyz", 200, null],
    ["GET", "/openapi.json", 200, null],
    ["GET", "/docs", 200, null],
    ["GET", "/", 200, null],
    ["HEAD", "/", 200, null],
    ["GET", "/nothing", 404, null],
    ["GET", "//", 200, null],
    ["GET", "/assets/..%2f..%2fpackage.json", 404, null],
    ["GET", "/assets/%zz", 400, null],
    ["GET", "/predict", 405, "POST, OPTIONS"],
    ["DELETE", "/predict", 405, "POST, OPTIONS"],
    ["POST", "/healthz", 405, "GET, HEAD, OPTIONS"],
    ["OPTIONS", "/predict", 204, "POST, OPTIONS"],
    ["OPTIONS", "/nothing", 404, null],
    ["POST", "/v2/models/people", 405, "GET, HEAD, OPTIONS"],
  ];
  test.each(rows)("%s %s", async (method, path, status, allow) => {
    const response = await raw(method, path);
    expect([response.status, response.headers["allow"] ?? null]).toEqual([status, allow]);
    expect(response.headers["ingot-package"]).toMatch(/^sha256:/);
    expect(response.headers["ingot-request-id"]).toBeTruthy();
    if (method === "HEAD") expect(response.body).toBe("");
  });

  test("an unknown path lists the known ones", async () => {
    const { body } = await raw("GET", "/nothing");
    expect(body).toContain("POST /predict");
    expect(body).toContain("/v2/models/{model}/infer");
  });

  test("an unknown path of a protocol is refused in its form", async () => {
    expect(typeof JSON.parse((await raw("GET", "/v2/nothing")).body).error).toBe("string");
  });
});

describe("failures inside", () => {
  test("a runtime that breaks: 500, the id in the answer, the cause in the log, no stack trace outside", async () => {
    const model = await peopleModel();
    const broken = { ...model.predictor, runtime: model.predictor.runtime, schema: model.schema };
    const predict = () => Promise.reject(new TypeError("x is not a function"));
    const failing = await serve(
      [{ ...model, predictor: { ...broken, predict, run: predict, close: async () => {} } }],
      {
        errorLog: (line) => logged.push(line),
      },
    );
    const response = await fetch(`${failing.url}/predict`, { method: "POST", body: '{"age":1,"colour":"red"}' });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("not a function");
    const id = response.headers.get("ingot-request-id")!;
    expect(text).toContain(id);
    const line = logged.find((candidate) => candidate.includes(id))!;
    expect(JSON.parse(line)).toMatchObject({ level: "error", requestId: id, code: "INTERNAL", path: "/predict" });
    expect(line).toContain("x is not a function");
    await failing.close();
    await model.predictor.close();
  });

  test("more at once than allowed: 503 with Retry-After, and the others are answered", async () => {
    const model = await peopleModel();
    const small = await serve([{ ...model, predictor: slowed(model.predictor, 100) }], { maxInFlight: 2 });
    const body = '{"age":1,"colour":"red"}';
    const responses = await Promise.all(
      Array.from({ length: 5 }, () => fetch(`${small.url}/predict`, { method: "POST", body })),
    );
    const statuses = responses.map((response) => response.status).sort();
    expect(statuses).toEqual([200, 200, 503, 503, 503]);
    const refused = responses.find((response) => response.status === 503)!;
    expect(refused.headers.get("retry-after")).toBe("1");
    await small.close();
  });

  test("a port that is taken is named", async () => {
    const model = await peopleModel();
    const second = serve([model], { port: server.port });
    await expect(second).rejects.toThrow(IngotError);
    await expect(second).rejects.toThrow(new RegExp(`port ${server.port} is taken`));
    await model.predictor.close();
  });
});

describe("what is not HTTP", () => {
  const rows: [name: string, sent: string, status: string, what: RegExp][] = [
    ["another protocol", "\x16\x03\x01\x02", "400", /not an HTTP\/1\.1 request/],
    ["a broken request line", "GET\r\n\r\n", "400", /not an HTTP\/1\.1 request/],
    [
      "two lengths",
      "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "400",
      /HTTP/,
    ],
    ["huge headers", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}\r\n\r\n`, "431", /headers are too large/],
  ];
  test.each(rows)("%s", async (_name, sent, status, what) => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    socket.write(sent, "latin1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(socket, "close");
    const answer = Buffer.concat(chunks).toString();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/Ingot-Package: sha256:/);
    expect(answer).toMatch(what);
  });
});

test("the access log has one line per request when asked for", async () => {
  const lines: string[] = [];
  const logging = await serve([await peopleModel()], { accessLog: (line) => lines.push(line) });
  await (await fetch(`${logging.url}/healthz`)).text();
  await logging.close();
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ method: "GET", path: "/healthz", status: 200 }]);
});

/** A request exactly as written: fetch would tidy the path. */
function raw(method: string, path: string) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, method, path }, async (response) => {
      const chunks = await response.toArray();
      resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() });
    });
    sent.on("error", reject).end();
  });
}
