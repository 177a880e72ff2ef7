// `ingot serve --workers`: several processes behind one port, that spread, change, count and end as one.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Peer } from "../serve/grpc/peer.ts";
import { packNumbered } from "./numbered_package.ts";

const root = path.join(import.meta.dirname, "../..");
const scratch = mkdtempSync(path.join(tmpdir(), "ingot-workers-"));
const home = path.join(scratch, "home");
const token = "token-of-this-test";
const env = { ...process.env, INGOT_HOME: home, INGOT_ADMIN_TOKEN: token };
const file = path.join(scratch, "deployment.yaml");
const guardrails = "{ minimum_requests: 40, error_rate: 0.05, confidence: 0.99 }";
const plan = (more: string) =>
  `models: { m: { ${more}, sticky: { header: x-user }, guardrails: ${guardrails} } }\npredictions: { folder: ${JSON.stringify(path.join(scratch, "log"))} }`;
const single = (version: number) => plan(`package: 'numbered:${version}.0.0'`);

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  readonly grpcPort: number;
  readonly admin: string;
  /** Lines on stderr. */
  readonly log: () => string;
}

async function serve(...args: string[]): Promise<Server> {
  const bin = path.join(root, "bin", "ingot.mjs");
  const child = spawn(process.execPath, [bin, "serve", "--json", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stderr!.on("data", (chunk) => {
    err += chunk;
  });
  const told = await new Promise<{ url: string; grpcPort: number; admin: string }>((resolve, reject) => {
    child.stdout!.on("data", (chunk) => {
      out += chunk;
      if (out.endsWith("}\n")) resolve(JSON.parse(out));
    });
    child.once("exit", () => reject(new Error(`the server ended: ${err}`)));
  });
  return { child, url: told.url, grpcPort: told.grpcPort, admin: told.admin, log: () => err };
}

let server: Server;
beforeAll(async () => {
  for (let version = 1; version <= 4; version++) await packNumbered(scratch, home, version);
  await packNumbered(scratch, home, 5, 1000);
  writeFileSync(file, single(1));
  server = await serve("-f", file, "--workers", "2", "--port", "0", "--admin-port", "0", "--model-control");
});
afterAll(() => {
  server.child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
});

interface Reply {
  readonly status: number;
  readonly x: number;
  readonly by?: string;
  readonly y?: number;
  readonly variant?: string;
  readonly error?: string;
}

/** One request; an error of the connection is told as status 0. */
function ask(url: string, x: number, agent: Agent, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve) => {
    const sent = request(`${url}/predict`, { method: "POST", agent, headers }, async (response) => {
      const text = Buffer.concat(await response.toArray().catch(() => [])).toString();
      const variant = response.headers["ingot-variant"] as string;
      resolve(
        text.endsWith("}")
          ? { status: response.statusCode!, x, variant, ...JSON.parse(text) }
          : { status: 0, x, error: "cut off" },
      );
    });
    sent.on("error", (error) => resolve({ status: 0, x, error: error.message }));
    sent.end(JSON.stringify({ x }));
  });
}

/** Asks over eight connections until `isOver`; every answer must be its version's. */
function traffic(isOver: (count: number) => boolean, firstX = 0) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const replies: Reply[] = [];
  const done = Promise.all(
    Array.from({ length: 8 }, async () => {
      while (!isOver(replies.length)) {
        const reply = await ask(server.url, firstX + (replies.length % 500), agent);
        if (reply.status === 200) expect(reply.y).toBe(reply.x + Number(reply.by));
        replies.push(reply);
      }
    }),
  ).finally(() => agent.destroy());
  return { replies, done };
}

const once1 = new Agent({ keepAlive: false });
const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const text = async (target: string) => (await fetch(`${server.url}${target}`)).text();
const isReady = async () => (await fetch(`${server.url}/readyz`)).status === 200;

async function admin(method: string, target: string, body?: string) {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`${server.admin}${target}`, { method, headers, ...(body ? { body } : {}) });
  return { status: response.status, body: (await response.json()) as Told };
}

interface Told {
  readonly why: string;
  readonly problem: { readonly error: { readonly what: string } } | null;
}

/** Sum of the samples of a metric whose labels fit. */
function sample(page: string, name: string, labels = ""): number {
  const rows = page.split("\n").filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
  return rows.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

function byProcess(page: string): Map<number, number> {
  const rows = page.matchAll(/^ingot_process_requests_total\{pid="(\d+)"\} (\d+)$/gm);
  return new Map([...rows].map(([, pid, count]) => [Number(pid), Number(count)]));
}

test("connections are spread evenly, and what is counted is the sum", async () => {
  const { replies, done } = traffic((count) => count >= 400);
  await done;
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  for (let look = 0; look < 3; look++) {
    const page = await text("/metrics");
    expect(sample(page, "ingot_requests_total", 'dialect="predict",status="200"')).toBe(replies.length);
    expect(sample(page, "ingot_request_duration_seconds_count")).toBe(replies.length);
    const counts = [...byProcess(page)].filter(([pid]) => pid !== server.child.pid).map(([, count]) => count);
    expect(counts).toHaveLength(2);
    // Four of eight connections each; the machine does not give both the same time.
    for (const count of counts) expect(count).toBeGreaterThan(replies.length / 20);
  }
  const stats = JSON.parse(await text("/v2/models/m/stats"));
  expect(stats.model_stats[0]).toMatchObject({
    inference_count: replies.length,
    inference_stats: { success: { count: replies.length }, fail: { count: 0 } },
  });
  const status = JSON.parse(await text("/status.json"));
  expect(status.series[0].requests).toBe(replies.length);
  expect(status.deployment).toMatchObject({ revision: 1, models: [{ name: "m" }] });
});

test("changes under load: all workers at once, no failed request, nothing of an earlier version afterwards", async () => {
  let isOver = false;
  const { replies, done } = traffic(() => isOver);
  for (const version of [2, 3, 1]) {
    expect(await admin("PUT", "/deployment", single(version))).toMatchObject({ status: 200 });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, x) => ask(server.url, x, once1)));
    expect(new Set(answers.map(({ by }) => by))).toEqual(new Set([String(version)]));
    const seen = replies.length;
    await until(() => replies.length > seen + 40);
  }
  expect((await admin("POST", "/deployment/rollback")).body.why).toBe("admin: rollback");
  const answers = await Promise.all(Array.from({ length: 12 }, (_, x) => ask(server.url, x, once1)));
  expect(new Set(answers.map(({ by }) => by))).toEqual(new Set(["3"]));
  isOver = true;
  await done;
  expect(replies.filter(({ status }) => status !== 200)).toEqual([]);
});

test("what one worker refuses, none serves", async () => {
  const refused = await admin("PUT", "/deployment", plan("package: 'numbered:9.0.0'"));
  expect(refused).toMatchObject({ status: 404, body: { error: { code: "PACKAGE_NOT_FOUND" } } });
  const { body } = await admin("GET", "/deployment");
  expect(body.problem?.error.what).toMatch(/numbered/);
  const answers = await Promise.all(Array.from({ length: 8 }, (_, x) => ask(server.url, x, once1)));
  expect(new Set(answers.map(({ by }) => by))).toEqual(new Set(["3"]));
});

test("clients load and unload in all workers through any", async () => {
  const post = (target: string) => fetch(`${server.url}/v2/repository/${target}`, { method: "POST" });
  expect((await post("models/numbered/load")).status).toBe(200);
  for (let i = 0; i < 6; i++) expect(JSON.parse(await text("/v2/models/numbered")).versions).toEqual(["5.0.0"]);
  expect((await post("models/numbered/unload")).status).toBe(200);
  for (let i = 0; i < 6; i++) expect((await fetch(`${server.url}/v2/models/numbered`)).status).toBe(404);
  for (let i = 0; i < 4; i++)
    expect(await (await post("index")).json()).toContainEqual(
      expect.objectContaining({ name: "numbered", state: "UNAVAILABLE" }),
    );
});

test("where one worker cannot load what another has loaded, nothing changes, and the message says which and why", async () => {
  const other = path.join(scratch, "other.yaml");
  writeFileSync(other, "models: { m: { package: 'numbered:1.0.0' } }");
  const args = ["-f", other, "--workers", "2", "--port", "0", "--admin-port", "0"];
  const { child, url, admin: api } = await serve(...args);
  const blobs = path.join(home, "store/blobs/sha256");
  const before = new Set(readdirSync(blobs));
  await packNumbered(scratch, home, 6);
  const fresh = readdirSync(blobs).filter((name) => !before.has(name));
  const kept = fresh.map((name) => [path.join(blobs, name), readFileSync(path.join(blobs, name))] as const);
  const page = await (await fetch(`${url}/metrics`)).text();
  const pids = [...byProcess(page).keys()].filter((pid) => pid !== child.pid);
  const last = Math.max(...pids);
  const change = (method: string, body?: string) =>
    fetch(`${api}/deployment`, {
      method,
      headers: { Authorization: `Bearer ${token}` },
      ...(body ? { body } : {}),
    });
  const six = "models: { m: { package: 'numbered:6.0.0' } }";
  // The first one loads it; the other one comes to itself when the files are others.
  process.kill(last, "SIGSTOP");
  const changing = change("PUT", six);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  for (const [file, bytes] of kept) {
    chmodSync(file, 0o644);
    writeFileSync(file, Buffer.from(bytes).fill(0x20, 0, 1));
  }
  process.kill(last, "SIGCONT");
  const refused = await changing;
  const { error } = (await refused.json()) as { error: { code: string; what: string; where: string } };
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(`${error.code} ${error.what}`).toMatch(/PACKAGE_CORRUPT|STORE_CORRUPT|VERIFY_FAILED/);
  expect(pids.map((pid) => `worker ${pid}`).some((name) => error.where.includes(name))).toBe(true);
  const answers = () => Promise.all(Array.from({ length: 12 }, (_, x) => ask(url, x, once1)));
  expect(new Set((await answers()).map(({ by }) => by))).toEqual(new Set(["1"]));
  const told = (await (await change("GET")).json()) as { revision: number; problem: { error: { where: string } } };
  expect([told.revision, told.problem.error.where]).toEqual([1, error.where]);
  // Nothing of it is left: the same change works once the files are right.
  for (const [file, bytes] of kept) writeFileSync(file, bytes);
  expect((await change("PUT", six)).status).toBe(200);
  expect(new Set((await answers()).map(({ by }) => by))).toEqual(new Set(["6"]));
  child.kill("SIGTERM");
  await once(child, "exit");
});

test("a worker that is killed under load takes its connections along, and nothing else; it is replaced", async () => {
  const before = sample(await text("/metrics"), "ingot_requests_total");
  const pids = [...byProcess(await text("/metrics")).keys()].filter((pid) => pid !== server.child.pid);
  let isOver = false;
  const { replies, done } = traffic(() => isOver);
  await until(() => replies.length > 100);
  process.kill(pids[0]!, "SIGKILL");
  const atKill = replies.length;
  await until(() => /"event":"worker started"/.test(server.log()));
  await until(isReady);
  await until(() => replies.length > atKill + 200);
  isOver = true;
  await done;
  // Half of eight connections, each with one request under way at most.
  const failed = replies.filter(({ status }) => status !== 200);
  expect(failed.length).toBeLessThanOrEqual(8);
  for (const { error } of failed) expect(error).toMatch(/ECONNRESET|hang up|cut off|EPIPE/);
  expect(server.log()).toMatch(new RegExp(`"event":"worker ended","pid":${pids[0]},"how":"SIGKILL"`));
  const page = await text("/metrics");
  const now = [...byProcess(page).keys()].filter((pid) => pid !== server.child.pid);
  expect(now).toHaveLength(2);
  expect(now).not.toContain(pids[0]);
  expect(now).toContain(pids[1]);
  expect(sample(page, "ingot_requests_total")).toBeGreaterThan(before + replies.length / 4);
  // The one that came serves what the others do.
  const answers = await Promise.all(Array.from({ length: 12 }, (_, x) => ask(server.url, x, once1)));
  expect(new Set(answers.map(({ by }) => by))).toEqual(new Set(["3"]));
});

test("the same key gets the same variant in every worker; every prediction is logged once, outcomes join", async () => {
  const variants = "variants: { a: { package: 'numbered:1.0.0' }, b: { package: 'numbered:2.0.0' } }";
  expect((await admin("PUT", "/deployment", plan(variants))).status).toBe(200);
  const users = Array.from({ length: 16 }, (_, i) => `user-${i}`);
  const ids: string[] = [];
  const seen = new Map<string, Set<string>>();
  for (let round = 0; round < 4; round++)
    for (const user of users) {
      const id = `${user}-${round}`;
      const reply = await ask(server.url, round, once1, { "x-user": user, "Ingot-Request-Id": id });
      expect(reply.status).toBe(200);
      ids.push(id);
      seen.set(user, (seen.get(user) ?? new Set()).add(reply.variant!));
    }
  expect([...seen.values()].map(({ size }) => size)).toEqual(users.map(() => 1));
  for (const id of ids)
    expect((await fetch(`${server.url}/outcomes/${id}`, { method: "POST", body: "true" })).status).toBe(204);
  const rows = (kind: string) =>
    readdirSync(path.join(scratch, "log"))
      .filter((name) => name.startsWith(kind))
      .flatMap((name) =>
        readFileSync(path.join(scratch, "log", name), "utf8")
          .trimEnd()
          .split("\n"),
      )
      .map((line) => JSON.parse(line) as { id: string });
  const logged = () => rows("predictions").filter(({ id }) => ids.includes(id));
  await until(() => logged().length >= ids.length);
  expect(
    logged()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([...ids].sort());
  expect(rows("outcomes")).toHaveLength(ids.length);
});

test("guardrails judge what all workers answered together", async () => {
  expect((await admin("PUT", "/deployment", single(4))).status).toBe(200);
  const good = traffic((count) => count >= 200);
  await good.done;
  expect((await admin("PUT", "/deployment", single(5))).status).toBe(200);
  let isBack = false;
  const bad = traffic(() => isBack, 900);
  await until(async () => (await admin("GET", "/deployment")).body.why.startsWith("guardrail"));
  isBack = true;
  await bad.done;
  const answers = await Promise.all(Array.from({ length: 8 }, (_, x) => ask(server.url, 2000 + x, once1)));
  expect(new Set(answers.map(({ by }) => by))).toEqual(new Set(["4"]));
});

test("SIGHUP reads the file again", async () => {
  writeFileSync(file, single(2));
  server.child.kill("SIGHUP");
  await until(async () => (await ask(server.url, 1, once1)).by === "2");
});

test("gRPC is spread and answered too", async () => {
  for (let i = 0; i < 4; i++) {
    const peer = new Peer(server.grpcPort);
    await peer.learn("inference.GRPCInferenceService");
    const { answer } = await peer.ask("/inference.GRPCInferenceService/ModelMetadata", { name: "m" });
    expect(answer).toMatchObject({ name: "m", versions: ["2.0.0"] });
    peer.client.close();
  }
});

test("stopping answers what is under way in every worker, and leaves no process behind", async () => {
  const pids = [...byProcess(await text("/metrics")).keys()];
  expect(pids).toHaveLength(3);
  const agent = new Agent({ keepAlive: true });
  const outcomes: Reply[] = [];
  const clients = Array.from({ length: 8 }, async () => {
    for (;;) {
      const reply = await ask(server.url, 1, agent);
      if (reply.status !== 200) return reply;
      outcomes.push(reply);
    }
  });
  await until(() => outcomes.length > 50);
  const ended = once(server.child, "exit");
  server.child.kill("SIGTERM");
  expect((await ended)[0]).toBe(0);
  // A connection that is closed between two requests refuses the next one; none is cut off in an answer.
  for (const { error } of await Promise.all(clients)) expect(error).toMatch(/ECONNREFUSED|ECONNRESET|hang up/);
  agent.destroy();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

test("a Unix socket with TLS; workers end when the first process is killed", async () => {
  const tls = path.join(root, "test/serve/listener/tls");
  const socketPath = path.join(scratch, "ingot.sock");
  const other = await serve(
    ...["numbered:1.0.0", "--workers", "2", "--socket", socketPath],
    ...["--tls-cert", path.join(tls, "one.cert.pem"), "--tls-key", path.join(tls, "one.key.pem")],
  );
  const https = await import("node:https");
  const get = (target: string) =>
    new Promise<string>((resolve, reject) => {
      const options = { socketPath, path: target, rejectUnauthorized: false, agent: false } as const;
      https
        .get(options, async (response) => resolve(Buffer.concat(await response.toArray()).toString()))
        .on("error", reject);
    });
  for (let i = 0; i < 4; i++) expect(JSON.parse(await get("/v2/models/numbered")).versions).toEqual(["1.0.0"]);
  const pids = [...byProcess(await get("/metrics")).keys()];
  expect(pids).toHaveLength(3);
  other.child.kill("SIGKILL");
  const isGone = (pid: number) => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  };
  await until(() => pids.every((pid) => pid === other.child.pid || isGone(pid)));
});
