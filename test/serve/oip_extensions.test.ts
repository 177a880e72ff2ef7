// Model repository, statistics, configuration: what Triton's clients ask beside inference.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digest, IngotError } from "../../src/core/index.ts";
import { DeploymentRepository } from "../../src/serve/deployment/deployment_repository.ts";
import {
  type FoundPackage,
  LiveDeployment,
  parseDeployment,
  type RunningServer,
  startServer,
} from "../../src/serve/index.ts";
import { servedEntries } from "../../src/serve/repository.ts";
import { peopleModel, probabilityModel, serve } from "./people_model.ts";

interface Duration {
  readonly count: number;
  readonly ns: number;
}
/** What some answer holds. */
interface Body {
  readonly error?: string;
  readonly max_batch_size: number;
  readonly model_stats: readonly {
    readonly name: string;
    readonly execution_count: number;
    readonly last_inference: number;
    readonly inference_stats: Readonly<Record<string, Duration>>;
    readonly batch_stats: readonly unknown[];
  }[];
}
interface Answer {
  readonly status: number;
  readonly body: Body;
}
const post = async (server: RunningServer, path: string, body?: unknown): Promise<Answer> => {
  const init = { method: "POST", ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(server.url + path, init);
  return { status: response.status, body: (await response.json()) as Body };
};
const get = async (server: RunningServer, path: string): Promise<Answer> => {
  const response = await fetch(server.url + path);
  return { status: response.status, body: (await response.json()) as Body };
};
const inputs = (rows: number) => [{ name: "x", datatype: "FP32", shape: [rows, 2], data: Array(rows * 2).fill(1) }];

describe("a server whose models clients may not change", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await serve([await peopleModel(), await probabilityModel()]);
  });
  afterAll(() => server.close());

  test("the index needs no body", async () => {
    expect(await post(server, "/v2/repository/index")).toEqual({
      status: 200,
      body: [
        { name: "people", version: "1.2.0", state: "READY", reason: "" },
        { name: "odds", version: "1.2.0", state: "READY", reason: "" },
      ],
    });
  });

  const refusals: [path: string, body: unknown, status: number, message: RegExp][] = [
    ["models/people/unload", {}, 403, /--model-control/],
    ["models/people/load", {}, 403, /--model-control/],
    ["models/people/load", { parameters: { config: "{}" } }, 400, /parameters\.config: packages are immutable/],
    ["index", [], 400, /expected an object or nothing/],
  ];
  test.each(refusals)("%s %j", async (path, body, status, message) => {
    const answer = await post(server, `/v2/repository/${path}`, body);
    expect(answer).toEqual({ status, body: { error: expect.stringMatching(message) } });
  });

  test("the configuration says what the metadata says, without the batch", async () => {
    const { body } = await get(server, "/v2/models/people/config");
    expect(body).toMatchObject({
      name: "people",
      backend: "onnxruntime",
      input: [
        { name: "age", data_type: "TYPE_INT64", dims: [1] },
        { name: "height", data_type: "TYPE_FP64", dims: [1] },
        { name: "colour", data_type: "TYPE_STRING", dims: [1] },
      ],
      output: [{ name: "sum", data_type: "TYPE_FP64", dims: [] }, {}, {}, {}],
    });
    expect(body.max_batch_size).toBeGreaterThan(1);
    expect((await get(server, "/v2/models/nobody/config")).status).toBe(404);
  });

  test("statistics count requests, rows and failures", async () => {
    for (const rows of [1, 3])
      expect((await post(server, "/v2/models/odds/infer", { inputs: inputs(rows) })).status).toBe(200);
    await post(server, "/v2/models/odds/infer", { inputs: [] });
    const { body } = await get(server, "/v2/models/odds/versions/1.2.0/stats");
    expect(body.model_stats).toHaveLength(1);
    const stats = body.model_stats[0]!;
    expect(stats).toMatchObject({ name: "odds", version: "1.2.0", inference_count: 4 });
    expect(stats.execution_count).toBeGreaterThan(0);
    expect(stats.last_inference).toBeGreaterThan(1.6e12);
    for (const part of ["success", "queue", "compute_input", "compute_infer", "compute_output"])
      expect(stats.inference_stats[part]!.count).toBe(2);
    expect(stats.inference_stats["fail"]!.count).toBe(1);
    expect(stats.inference_stats["success"]!.ns).toBeGreaterThanOrEqual(stats.inference_stats["compute_infer"]!.ns);
    expect(Number.isInteger(stats.inference_stats["compute_infer"]!.ns)).toBe(true);
    expect(stats.batch_stats.length).toBeGreaterThan(0);
    const all = await get(server, "/v2/models/stats");
    expect(all.body.model_stats.map(({ name }) => name)).toEqual(["people", "odds"]);
  });
});

test("a server whose models clients may change: unload, load, in turn, while requests are answered", async () => {
  let opened = 0;
  const makers = { people: peopleModel, odds: probabilityModel };
  const find = async (reference: string): Promise<FoundPackage> => {
    const [name = "", pinned] = reference.split(/[:@]/);
    const make = makers[name as keyof typeof makers];
    if (!make) throw new IngotError("PACKAGE_NOT_FOUND", { what: `there is no package ${reference}` });
    const version = pinned ?? `1.2.${opened++}`;
    return { name, version, digest: digest(Buffer.from(name + version)), load: () => make({ version }) };
  };
  const plan = parseDeployment(
    Buffer.from("models:\n  people: { package: people }\n  odds: { package: odds }\n"),
    "deployment.yaml",
  );
  let live: LiveDeployment | null = null;
  const server = await startServer({
    port: 0,
    webFolder: null,
    prepare: async (serving) => {
      live = await LiveDeployment.start(serving, plan, { find });
      serving.repository = new DeploymentRepository(live, () => servedEntries(serving));
    },
  });
  const infer = () => post(server, "/v2/models/odds/infer", { inputs: inputs(1) });
  const under = Array.from({ length: 20 }, infer);
  const unload = await post(server, "/v2/repository/models/odds/unload", { parameters: { unload_dependents: false } });
  expect(unload).toEqual({ status: 200, body: {} });
  for (const answer of await Promise.all(under)) expect([200, 404]).toContain(answer.status);
  expect((await infer()).status).toBe(404);
  expect((await get(server, "/v2/models/odds/ready")).status).toBe(404);
  const gone = { name: "odds", version: "1.2.1", state: "UNAVAILABLE", reason: "unloaded by request" };
  expect((await post(server, "/v2/repository/index")).body).toMatchObject([{ name: "people", state: "READY" }, gone]);
  expect((await post(server, "/v2/repository/index", { ready: true })).body).toHaveLength(1);

  await Promise.all([1, 2].map(() => post(server, "/v2/repository/models/odds/load", {})));
  expect((await infer()).body).toMatchObject({
    model_name: "odds",
    model_version: expect.stringMatching(/^1\.2\.[2-9]$/),
  });
  expect((await post(server, "/v2/repository/index")).body).toHaveLength(2);
  const unknown = await post(server, "/v2/repository/models/nobody/load");
  expect(unknown).toEqual({ status: 404, body: { error: expect.stringContaining("nobody") } });
  await post(server, "/v2/repository/models/odds/unload");
  const last = await post(server, "/v2/repository/models/people/unload");
  expect(last).toEqual({ status: 409, body: { error: expect.stringContaining("only model") } });
  await server.close();
  await live!.close();
});
