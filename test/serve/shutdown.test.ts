import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, serve, slowed } from "./people_model.ts";

const body = '{"age":41,"height":10,"colour":"red"}';

interface Outcome {
  readonly code: number;
  /** The server keeps the connection for the next request. */
  readonly keeps: boolean;
  readonly sum?: number;
}

/** One request over the agent's connections. */
function ask({ port }: RunningServer, agent: Agent, path = "/predict"): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const method = path === "/predict" ? "POST" : "GET";
    const sent = request({ host: "127.0.0.1", port, path, method, agent }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ code: response.statusCode!, keeps: response.headers.connection !== "close", ...JSON.parse(text) });
    });
    sent.on("error", reject);
    sent.end(method === "POST" ? body : undefined);
  });
}

test("closing under load: everything that was sent is answered, then nothing is accepted", async () => {
  const model = await peopleModel();
  let gate: Promise<void> | null = null;
  const { predictor } = model;
  const held: typeof predictor = {
    ...slowed(predictor, 0),
    run: async (feeds) => {
      await gate;
      return predictor.run(feeds);
    },
  };
  const server = await serve([{ ...model, predictor: held }]);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const all = () => Promise.all(Array.from({ length: 16 }, () => ask(server, agent)));
  for (const outcome of await all())
    expect(outcome).toEqual(expect.objectContaining({ code: 200, sum: 51, keeps: true }));
  let open = () => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const underway = all();
  while (server.serving.first.inFlight < 16) await new Promise((resolve) => setTimeout(resolve, 5));
  const closed = server.close();
  open();
  // Each is told that its connection ends.
  for (const outcome of await underway) expect(outcome).toMatchObject({ code: 200, sum: 51, keeps: false });
  await closed;
  agent.destroy();
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});

test("while draining: not ready, yet predictions are answered; predictors close last and once", async () => {
  const model = await peopleModel();
  const events: string[] = [];
  const predictor = slowed(model.predictor, 400);
  const watched = {
    ...predictor,
    run: async (feeds: Parameters<typeof predictor.run>[0]) => {
      const outputs = await predictor.run(feeds);
      events.push("predicted");
      return outputs;
    },
    close: async () => {
      events.push("closed");
      await predictor.close();
    },
  };
  const server = await serve([{ ...model, predictor: watched }], { drainDelayMs: 100 });
  const agent = new Agent({ keepAlive: true });
  expect(await ask(server, agent, "/readyz")).toMatchObject({ code: 200 });
  const inFlight = ask(server, agent);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const closed = Promise.all([server.close(), server.close()]);
  expect(await ask(server, agent, "/readyz")).toMatchObject({ code: 503 });
  expect(await ask(server, agent, "/v2/health/ready")).toMatchObject({ code: 503 });
  expect(await ask(server, agent, "/healthz")).toMatchObject({ code: 200 });
  expect(await inFlight).toMatchObject({ code: 200, sum: 51 });
  await closed;
  agent.destroy();
  expect(events).toEqual(["predicted", "closed"]);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});

test("a request that arrives while the server stops listening is answered", async () => {
  const server = await serve([await peopleModel()]);
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  await new Promise((resolve) => setTimeout(resolve, 20));
  const closed = server.close();
  await new Promise((resolve) => setTimeout(resolve, 10));
  socket.write(`POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const answer = Buffer.concat(await socket.toArray()).toString();
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain('"sum":51');
  await closed;
});

test("a request that never ends is cut off in the end", async () => {
  const server = await serve([await peopleModel()], { closeTimeoutMs: 200 });
  const socket = connect(server.port, "127.0.0.1");
  socket.write("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const cut = once(socket, "close");
  await server.close();
  await cut;
});

test("a client that leaves before its answer harms nobody", async () => {
  const model = await peopleModel();
  const lines: string[] = [];
  const server = await serve([{ ...model, predictor: slowed(model.predictor, 50) }], {
    errorLog: (line) => lines.push(line),
  });
  const leaving = new AbortController();
  const gone = fetch(`${server.url}/predict`, { method: "POST", body, signal: leaving.signal });
  setTimeout(() => leaving.abort(), 20);
  await expect(gone).rejects.toThrow();
  const half = request({ host: "127.0.0.1", port: server.port, path: "/predict", method: "POST" });
  half.on("error", () => half.destroy());
  half.setHeader("Content-Length", 100);
  half.write('{"age":');
  await new Promise((resolve) => setTimeout(resolve, 30));
  half.destroy();
  const agent = new Agent();
  expect(await ask(server, agent)).toMatchObject({ code: 200, sum: 51 });
  await server.close();
  expect(lines).toEqual([]);
});
