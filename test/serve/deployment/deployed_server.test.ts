import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminRoutes, type DeployedServer, planOfFlags, startDeployed } from "../../../src/serve/index.ts";
import { ask, NumberedPackages } from "./numbered_models.ts";

const token = "a-token-for-this-test";
const packages = new NumberedPackages();
const log: Record<string, unknown>[] = [];
let folder: string;
let file: string;
let server: DeployedServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "ingot-deployed-"));
  file = path.join(folder, "deployment.yaml");
  await write("models: { m: { package: 'numbered:1' } }");
  server = await startDeployed({
    deployment: file,
    find: packages.find,
    port: 0,
    webFolder: null,
    admin: { port: 0, token },
    watchMs: 20,
    log: (entry) => log.push(entry),
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** Replaced whole, as editors and configuration maps do. */
async function write(text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

type AdminState = ReturnType<DeployedServer["deployment"]["state"]>;

const untilTrue = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

const admin = async (method: string, target: string, body?: string, given = token) => {
  const headers = given === "" ? {} : { Authorization: `Bearer ${given}` };
  const response = await fetch(`${server.admin!.url}${target}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: (await response.json()) as AdminState };
};

describe("the file", () => {
  test("is followed when it changes", async () => {
    await write("models: { m: { package: 'numbered:2' } }");
    await untilTrue(() => server.deployment.state().revision === 2);
    expect((await ask(server.url, 1)).by).toBe("2");
    expect(server.deployment.state().why).toBe("deployment.yaml changed");
  });

  test.each([
    ["not YAML", "models: [", /deployment\.yaml:1/],
    ["an unknown key", "models: { m: { pakcage: x } }", /unknown key `pakcage`/],
    ["a package that is not there", "models: { m: { package: 'nobody:1' } }", /there is no package nobody:1/],
  ])("broken (%s), leaves the old deployment serving, and says so", async (_name, text, message) => {
    const before = log.length;
    await write(text);
    await untilTrue(() => log.length > before);
    expect(log.at(-1)).toMatchObject({ event: "deployment refused", why: "deployment.yaml changed" });
    expect(JSON.stringify(log.at(-1))).toMatch(message);
    expect((await ask(server.url, 1)).by).toBe("2");
    expect((await admin("GET", "/deployment")).body.problem?.error).toHaveProperty("what");
  });
});

describe("the admin API", () => {
  test.each([
    ["no token", ""],
    ["another token", "another-token-here"],
  ])("%s is refused", async (_name, given) => {
    expect(await admin("POST", "/deployment/rollback", undefined, given)).toMatchObject({
      status: 401,
      body: { error: { code: "UNAUTHENTICATED" } },
    });
  });

  test("is not on the port that serves", async () => {
    for (const { method, shown } of adminRoutes) {
      const response = await fetch(server.url + shown.replace("{model}", "m"), {
        method,
        headers: { Authorization: `Bearer ${token}` },
      });
      expect(response.status, shown).toBe(404);
    }
  });

  test("applies, weighs, loads, unloads, goes back", async () => {
    const yaml = "models: { m: { variants: { a: { package: 'numbered:3' }, b: { package: 'numbered:4' } } } }";
    expect(await admin("PUT", "/deployment", yaml)).toMatchObject({
      status: 200,
      body: { revision: 3, why: "admin: apply" },
    });
    expect((await admin("PUT", "/models/m/weights", '{"a":0,"b":5}')).body.models[0]!.variants).toMatchObject([
      { name: "a", weight: 0, version: "3.0.0" },
      { name: "b", weight: 5, version: "4.0.0" },
    ]);
    expect(await ask(server.url, 1)).toMatchObject({ by: "4", variant: "b" });
    expect((await admin("POST", "/models/other/load", '{"package":"numbered:5"}')).body.models).toHaveLength(2);
    const answer = await fetch(`${server.url}/v2/models/other`);
    expect(await answer.json()).toMatchObject({ name: "other", versions: ["5.0.0"] });
    expect((await admin("POST", "/models/other/unload")).body.models).toHaveLength(1);
    await admin("POST", "/deployment/rollback");
    expect((await admin("POST", "/deployment/rollback")).body.why).toBe("admin: rollback");
  });

  test.each([
    ["GET", "/nowhere", undefined, 404, "ROUTE_UNKNOWN"],
    ["GET", "/deployment/rollback", undefined, 405, "METHOD_NOT_ALLOWED"],
    ["PUT", "/deployment", "models: {}", 400, "DEPLOYMENT_INVALID"],
    ["PUT", "/models/m/weights", "[1]", 400, "INPUT_INVALID"],
    ["PUT", "/models/m/weights", '{"a":"much"}', 409, "DEPLOYMENT_REFUSED"],
    ["PUT", "/models/nobody/weights", '{"a":1}', 404, "MODEL_UNKNOWN"],
    ["POST", "/models/m/load", '{"package":7}', 400, "INPUT_INVALID"],
    ["POST", "/models/m/load", '{"package":"nobody:1"}', 404, "PACKAGE_NOT_FOUND"],
    ["POST", "/models/%ff/unload", undefined, 400, "INPUT_INVALID"],
  ])("%s %s %s: %i", async (method, target, body, status, code) => {
    expect(await admin(method, target, body)).toMatchObject({ status, body: { error: { code } } });
  });

  test("a short token is refused at the start", async () => {
    const options = { deployment: file, find: packages.find, port: 0, webFolder: null };
    await write("models: { m: { package: 'numbered:1' } }");
    await expect(startDeployed({ ...options, admin: { port: 0, token: "short" } })).rejects.toThrow(/at least 16/);
  });
});

describe("flags", () => {
  test("several packages, variants of the first", () => {
    expect(planOfFlags(["a:1.0.0", "b"], ["next=a:1.1.0,10", "dark=a:2.0.0,shadow"]).models).toMatchObject([
      {
        name: "a",
        variants: [
          { name: "main", package: "a:1.0.0", weight: 90, shadow: null },
          { name: "next", package: "a:1.1.0", weight: 10, shadow: null },
          { name: "dark", package: "a:2.0.0", weight: 0, shadow: 1 },
        ],
      },
      { name: "b", variants: [{ name: "main", package: "b" }] },
    ]);
  });

  test.each<[string[], string[], RegExp]>([
    [["a:1.0.0", "a:2.0.0"], [], /"a" is named twice/],
    [["a"], ["next"], /cannot read the variant "next"/],
    [["a"], ["next=a:1.1.0"], /needs a weight from 0 to 100/],
    [["a"], ["next=a:1.1.0,60", "last=a:1.2.0,60"], /add up to 120/],
    [["a"], ["main=a:1.1.0,60"], /`main` is the package/],
  ])("%j %j is refused", (names, variants, message) => {
    expect(() => planOfFlags(names, variants)).toThrow(message);
  });
});
