import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cors } from "../../../src/serve/access/cors.ts";
import { type RunningServer, Tokens } from "../../../src/serve/index.ts";
import { peopleModel, serve } from "../people_model.ts";

const [all, some] = ["all-models-0123456789", "only-other-0123456789"];
const body = '{"age":41,"height":10,"colour":"red"}';
let server: RunningServer;
beforeAll(async () => {
  server = await serve([await peopleModel(), { ...(await peopleModel()), name: "other", description: "Another one" }], {
    tokens: Tokens.parse(`# who may ask\n${all}\n\n${some} other\n`, "tokens"),
    corsOrigins: ["https://app.example"],
  });
});
afterAll(() => server.close());

const rows: [method: string, path: string, authorization: string | null, status: number][] = [
  ["POST", "/predict", `Bearer ${all}`, 200],
  ["POST", "/predict", `bearer  ${all} `, 200],
  ["POST", "/predict", null, 401],
  ["POST", "/predict", "Bearer nobody-0123456789", 401],
  ["POST", "/predict", `Basic ${all}`, 401],
  ["POST", "/predict", `Bearer ${all}x`, 401],
  ["POST", "/predict", `Bearer ${some}`, 200],
  ["POST", "/predict/people", `Bearer ${some}`, 404],
  ["POST", "/predict/other", `Bearer ${some}`, 200],
  ["GET", "/v2/models/other", null, 401],
  ["GET", "/metrics", null, 401],
  ["GET", "/openapi.json", null, 401],
  ["GET", "/openapi.json", `Bearer ${all}`, 200],
  ["GET", "/healthz", null, 200],
  ["GET", "/readyz", null, 200],
  ["GET", "/v2/health/ready", null, 200],
  ["GET", "/", null, 200],
  ["GET", "/nowhere", null, 404],
];
test.each(rows)("%s %s with %s: %i", async (method, path, authorization, status) => {
  const headers: Record<string, string> = authorization === null ? {} : { Authorization: authorization };
  const init = method === "POST" ? { method, body, headers } : { method, headers };
  const response = await fetch(`${server.url}${path}`, init);
  const text = await response.text();
  expect([response.status, text.includes(all)]).toEqual([status, false]);
  expect(response.headers.get("www-authenticate")).toBe(status === 401 ? 'Bearer realm="ingot"' : null);
});

describe("a token for some models", () => {
  const asked: [method: string, path: string][] = [
    ["POST", "/predict/NAME"],
    ["GET", "/v2/models/NAME"],
    ["GET", "/v2/models/NAME/versions/1.2.0"],
    ["GET", "/v2/models/NAME/ready"],
    ["GET", "/v2/models/NAME/config"],
    ["GET", "/v2/models/NAME/stats"],
    ["POST", "/v2/models/NAME/infer"],
    ["POST", "/v2/models/NAME/versions/1.2.0/infer"],
    ["GET", "/v1/models/NAME"],
    ["GET", "/v1/models/NAME/versions/1.2.0"],
    ["GET", "/v1/models/NAME/metadata"],
    ["POST", "/v1/models/NAME:predict"],
    ["POST", "/v1/models/NAME/labels/stable:predict"],
    ["POST", "/v1/models/NAME/labels/main:predict"],
    ["POST", "/endpoints/NAME/invocations"],
    ["POST", "/v2/repository/models/NAME/load"],
    ["POST", "/v2/repository/models/NAME/unload"],
  ];
  const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const init = { method, headers: { Authorization: `Bearer ${some}`, "Ingot-Request-Id": "one", ...headers } };
    const response = await fetch(`${server.url}${path}`, method === "POST" ? { ...init, body } : init);
    const { date, "content-length": _length, ...rest } = Object.fromEntries(response.headers);
    return { status: response.status, headers: rest, text: await response.text() };
  };

  test.each(asked)("%s %s: another model's answer is that of a model which is not there", async (method, path) => {
    const target = { "X-Amzn-SageMaker-Target-Variant": "main" };
    for (const headers of [{}, target]) {
      const hidden = await ask(method, path.replace("NAME", "people"), headers);
      const absent = await ask(method, path.replace("NAME", "nobody"), headers);
      expect(hidden.status).toBe(path.includes("repository") ? 403 : 404);
      expect({ ...hidden, text: hidden.text.replaceAll("people", "nobody") }).toEqual(absent);
      expect(hidden.headers["ingot-package"]).toBeUndefined();
    }
  });

  const lists: [method: string, path: string][] = [
    ["POST", "/v2/repository/index"],
    ["GET", "/v2/models/stats"],
    ["GET", "/v1/models"],
    ["GET", "/openapi.json"],
    ["GET", "/playground.json"],
    ["GET", "/metrics"],
    ["GET", "/status.json"],
    ["POST", "/invocations"],
    ["POST", "/predict"],
    ["GET", "/nowhere"],
  ];
  test.each(lists)("%s %s names no other model", async (method, path) => {
    // Both have been asked, so that both are counted.
    for (const model of ["people", "other"])
      await fetch(`${server.url}/predict/${model}`, {
        method: "POST",
        body,
        headers: { Authorization: `Bearer ${all}` },
      });
    const { text } = await ask(method, path, { "Content-Type": "application/json" });
    expect(text).not.toMatch(/people/);
    const everything = await ask(method, path, { Authorization: `Bearer ${all}` });
    if (/index|stats|v1.models|openapi|metrics|status/.test(path)) {
      expect(text).toMatch(/other/);
      expect(everything.text).toMatch(/people/);
    }
  });
});

describe("token files", () => {
  const refused: [name: string, text: string, why: RegExp][] = [
    ["empty", "\n# nothing\n", /1 to 1000 tokens/],
    ["guessable", "secret\n", /token 1 is shorter than 16/],
  ];
  test.each(refused)("%s", (_name, text, why) => {
    expect(() => Tokens.parse(text, "tokens")).toThrow(why);
  });
});

describe("pages of other origins", () => {
  test("a known one may ask, before and after", async () => {
    const headers = { Origin: "https://app.example", "Access-Control-Request-Method": "POST" };
    const before = await fetch(`${server.url}/predict`, { method: "OPTIONS", headers });
    expect(before.status).toBe(204);
    expect(before.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(before.headers.get("access-control-allow-methods")).toContain("POST");
    expect(before.headers.get("access-control-allow-headers")).toContain("Authorization");
    const after = await fetch(`${server.url}/predict`, {
      method: "POST",
      body,
      headers: { Origin: "https://app.example", Authorization: `Bearer ${all}` },
    });
    expect(after.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(after.headers.get("access-control-expose-headers")).toContain("Ingot-Request-Id");
    expect(after.headers.get("vary")).toBe("Origin");
  });

  test("an unknown one is told nothing", async () => {
    const headers = { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" };
    const response = await fetch(`${server.url}/predict`, { method: "OPTIONS", headers });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("what is no origin is refused", () => {
    for (const origin of ["app.example", "https://app.example/path", ""])
      expect(() => new Cors([origin])).toThrow(/no origin/);
    expect(new Cors(["*"]).headers("https://any.example")).toMatchObject({ "Access-Control-Allow-Origin": "*" });
  });
});
