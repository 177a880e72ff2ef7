import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cors } from "../../../src/serve/access/cors.ts";
import { type RunningServer, Tokens } from "../../../src/serve/index.ts";
import { peopleModel, serve } from "../people_model.ts";

const [all, some] = ["all-models-0123456789", "only-other-0123456789"];
const body = '{"age":41,"height":10,"colour":"red"}';
let server: RunningServer;
beforeAll(async () => {
  server = await serve([await peopleModel(), { ...(await peopleModel()), name: "other" }], {
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
  ["POST", "/predict", `Bearer ${some}`, 403],
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
