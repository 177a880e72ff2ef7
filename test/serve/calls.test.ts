import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alone } from "../../src/serve/engine/plan.ts";
import { callWithoutClient, type FinishedRequest, type RunningServer, ServedModel } from "../../src/serve/index.ts";
import { peopleModel, serve, slowed } from "./people_model.ts";

const finished: FinishedRequest[] = [];
const body = '{"age":41,"height":10,"colour":"red"}';
let server: RunningServer;
beforeAll(async () => {
  const model = await peopleModel();
  const slow = { ...(await peopleModel()), name: "slow", variant: "b" };
  server = await serve([model, { ...slow, predictor: slowed(slow.predictor, 60) }], {
    observers: [(done) => finished.push(done)],
  });
});
afterAll(() => server.close());

const post = (path: string, sent: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { method: "POST", body: sent, headers });

test("observers hear of every request once: who answered, how, how much", async () => {
  finished.length = 0;
  await (await post("/predict", `[${body},${body}]`, { "Ingot-Request-Id": "two" })).text();
  await (await post("/predict/slow", '{"age":"x"}')).text();
  await (await post("/predict/nobody", body)).text();
  await (await fetch(`${server.url}/nowhere`)).text();
  expect(finished).toMatchObject([
    {
      id: "two",
      dialect: "predict",
      route: "/predict",
      method: "POST",
      status: 200,
      errorCode: null,
      model: { name: "people", version: "1.2.0", variant: "main", digest: server.serving.first.digest },
      rows: 2,
    },
    { route: "/predict/{model}", status: 400, errorCode: "INPUT_INVALID", model: { name: "slow", variant: "b" } },
    { route: "/predict/{model}", status: 404, errorCode: "MODEL_UNKNOWN", model: null },
    { dialect: null, route: null, method: "GET", status: 404, errorCode: "ROUTE_UNKNOWN", model: null },
  ]);
  expect(finished[0]!.phases.compute).toBeGreaterThan(0);
});

test("an answer that comes too late is refused with 504; a limit that is none, with 400", async () => {
  const late = await post("/predict/slow", body, { "Ingot-Timeout-Ms": "5" });
  expect([late.status, ((await late.json()) as { error: { code: string } }).error.code]).toEqual([
    504,
    "DEADLINE_EXCEEDED",
  ]);
  const wrong = await post("/predict", body, { "Ingot-Timeout-Ms": "soon" });
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining("Ingot-Timeout-Ms")]);
  expect((await post("/predict/slow", body, { "Ingot-Timeout-Ms": "60000" })).status).toBe(200);
});

test("a client that leaves is counted as 499", async () => {
  finished.length = 0;
  const leaving = request({ port: server.port, host: "127.0.0.1", path: "/predict/slow", method: "POST" });
  leaving.on("error", () => leaving.destroy());
  leaving.end(body);
  setTimeout(() => leaving.destroy(), 20);
  while (finished.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(finished).toMatchObject([{ status: 499, route: "/predict/{model}" }]);
});

test("what is replaced goes on until its users have released it", async () => {
  const model = await peopleModel();
  let closed = false;
  const predictor = slowed(model.predictor, 30);
  const close = async () => {
    closed = true;
    await predictor.close();
  };
  const served = new ServedModel({ ...model, predictor: { ...predictor, close } }, { maxInFlight: 10 });
  served.acquire();
  const running = served.predict([JSON.parse(body)], callWithoutClient());
  const closing = served.close();
  expect(await running).toMatchObject([{ sum: 51 }]);
  expect(closed).toBe(false);
  served.release();
  await closing;
  expect(closed).toBe(true);
});

test("a model looks for where it runs best once requests meet, not before", async () => {
  let measured = 0;
  const model = await peopleModel();
  const predictor = slowed(model.predictor, 30);
  const measure = async () => {
    measured++;
    return { plan: alone("asked"), placement: null, lanes: [] };
  };
  const own = await serve([{ ...model, predictor, measure }]);
  try {
    const ask = () => fetch(`${own.url}/predict`, { method: "POST", body }).then((response) => response.text());
    for (let request = 0; request < 3; request++) await ask();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([measured, own.serving.first.plan.reason]).toEqual([0, "nobody has tried it"]);
    while (measured === 0) await Promise.all([ask(), ask()]);
    await Promise.all([ask(), ask()]);
    await own.serving.settle();
    expect([measured, own.serving.first.plan.reason]).toEqual([1, "asked"]);
  } finally {
    await own.close();
  }
});
