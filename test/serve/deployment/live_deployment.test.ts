import { afterEach, describe, expect, test } from "vitest";
import { ask, type Deployed, deploy, planOf, type Reply } from "./numbered_models.ts";

let open: Deployed[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});
const start = async (yaml: string, ...more: [Parameters<typeof deploy>[1]?, Parameters<typeof deploy>[2]?]) => {
  const deployed = await deploy(yaml, ...more);
  open.push(deployed);
  return deployed;
};
const single = (version: number, more = "") => `models: { m: { package: 'numbered:${version}'${more} } }`;
const untilTrue = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe("swapping", () => {
  test("under load: no request fails, every answer is from what its headers say, nothing unloaded answers", async () => {
    const { server, deployment, packages } = await start(`${single(1)}\nkeep_previous: 0ms`);
    let isOver = false;
    const replies: Reply[] = [];
    const clients = Array.from({ length: 16 }, async (_, client) => {
      for (let i = 0; !isOver; i++) {
        const x = client * 100_000 + i;
        const reply = await ask(server.url, x);
        expect(reply.y).toBe(x + Number(reply.by));
        replies.push(reply);
      }
    });
    const digests = new Map<string, string>();
    for (let version = 2; version <= 8; version++) {
      await deployment.apply(planOf(`${single(version)}\nkeep_previous: 0ms`), "test");
      const seen = replies.length;
      await untilTrue(() => replies.length > seen + 40);
    }
    isOver = true;
    await Promise.all(clients);
    await untilTrue(() => packages.of("7").closed === 1);
    for (const { status, by, digest } of replies) {
      expect(status).toBe(200);
      digests.set(by!, digests.get(by!) ?? digest!);
      expect(digest).toBe(digests.get(by!));
    }
    expect(digests.size).toBe(8);
    expect([1, 2, 3, 4, 5, 6, 7].map((version) => packages.of(String(version)).closed)).toEqual(Array(7).fill(1));
  });

  test("a request that takes long is answered by the version it began with, which is closed after it", async () => {
    const { server, deployment, packages } = await start(`${single(1)}\nkeep_previous: 0ms`);
    let letGo = () => {};
    packages.of("1").held = new Promise((resolve) => {
      letGo = resolve;
    });
    const slow = ask(server.url, 1);
    // It is under way, and stays so until the other version has answered.
    await untilTrue(() => deployment.state().models[0]!.variants[0]!.inFlight === 1);
    await deployment.apply(planOf(`${single(2)}\nkeep_previous: 0ms`), "test");
    expect((await ask(server.url, 1)).by).toBe("2");
    expect(packages.of("1").closed).toBe(0);
    letGo();
    expect(await slow).toMatchObject({ status: 200, by: "1" });
    await untilTrue(() => packages.of("1").closed === 1);
  });

  test("a model that stays is not loaded again", async () => {
    const { deployment, packages } = await start(single(1));
    await deployment.apply(planOf("models: { m: { package: 'numbered:1' }, n: { package: 'numbered:2' } }"), "test");
    expect([packages.of("1").loads, packages.of("2").loads]).toEqual([1, 1]);
  });
});

describe("a deployment that is refused leaves the old one serving", () => {
  test.each([
    ["a package that is not there", "models: { m: { package: 'other:1' } }", "PACKAGE_NOT_FOUND"],
    ["a damaged package", single(9), "PACKAGE_CORRUPT"],
    ["one that cannot answer its example", single(13), "DEPLOYMENT_REFUSED"],
    ["a field that is no input", single(2, ", sticky: { field: age }"), "DEPLOYMENT_REFUSED"],
  ])("%s", async (_name, yaml, code) => {
    const { server, deployment, packages, log } = await start(single(1));
    packages.refused.add("9");
    packages.of("13").fails = 1;
    await expect(deployment.apply(planOf(yaml), "test")).rejects.toMatchObject({ code });
    expect(await ask(server.url, 1)).toMatchObject({ status: 200, by: "1" });
    expect(log.at(-1)).toMatchObject({ event: "deployment refused", code });
    expect(deployment.state()).toMatchObject({ revision: 1, problem: { error: { code } } });
    expect(packages.of("13").closed).toBe(packages.of("13").loads);
  });
});

describe("going back", () => {
  test("is instant while the previous version is warm: nothing is loaded", async () => {
    const { server, deployment, packages } = await start(single(1));
    await deployment.apply(planOf(single(2)), "test");
    expect(deployment.state().previous).toEqual({ revision: 1, isWarm: true });
    await deployment.rollback();
    expect((await ask(server.url, 1)).by).toBe("1");
    expect(packages.of("1").loads).toBe(1);
    expect(deployment.state().history.map(({ why }) => why)).toEqual(["rollback"]);
    await expect(deployment.rollback()).rejects.toMatchObject({ code: "DEPLOYMENT_REFUSED" });
  });

  test("loads what is not warm any more, by digest", async () => {
    const { server, deployment, packages } = await start(`${single(1)}\nkeep_previous: 0ms`);
    await deployment.apply(planOf(`${single(2)}\nkeep_previous: 0ms`), "test");
    await untilTrue(() => packages.of("1").closed === 1);
    packages.of("1").closed = 0;
    await deployment.rollback();
    expect([(await ask(server.url, 1)).by, packages.of("1").loads]).toEqual(["1", 2]);
  });
});

const two = (more = "", weights = [1, 1]) => `
models:
  m:
    variants:
      a: { package: 'numbered:1', weight: ${weights[0]} }
      b: { package: 'numbered:2', weight: ${weights[1]} }
${more}`;

describe("variants", () => {
  test("answer by their weights, and say who answered", async () => {
    const { server, deployment } = await start(two());
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask(server.url, 1)));
    for (const { by, variant } of replies) expect(variant).toBe(by === "1" ? "a" : "b");
    const share = replies.filter(({ by }) => by === "1").length / 200;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.22);
    await deployment.setWeights("m", { a: 0 });
    expect(
      new Set((await Promise.all(Array.from({ length: 20 }, () => ask(server.url, 1)))).map(({ by }) => by)),
    ).toEqual(new Set(["2"]));
    await expect(deployment.setWeights("m", { b: 0 })).rejects.toMatchObject({ code: "DEPLOYMENT_REFUSED" });
    await expect(deployment.setWeights("m", { c: 1 })).rejects.toThrow(/there is no variant "c"/);
  });

  test.each([
    ["Ingot-Variant", "b"],
    ["X-Amzn-SageMaker-Target-Variant", "b"],
  ])("%s pins a request", async (header, variant) => {
    const { server } = await start(two("", [1, 0]));
    expect(await ask(server.url, 1, { [header]: variant })).toMatchObject({ by: "2", variant: "b" });
    expect(await ask(server.url, 1)).toMatchObject({ by: "1", variant: "a" });
    expect((await ask(server.url, 1, { [header]: "c" })).status).toBe(404);
  });

  test.each<[string, string, (key: string) => [Record<string, string>, string?]]>([
    ["header", "header: X-User", (key) => [{ "X-User": key }]],
    ["cookie", "cookie: uid", (key) => [{ Cookie: `theme=dark; uid=${key}` }]],
    ["field", "field: who", (key) => [{}, key]],
  ])("sticky by %s: a key stays, and moves only to the variant that grew", async (_name, sticky, request) => {
    const { server, deployment } = await start(two(`    sticky: { ${sticky} }`));
    const keys = Array.from({ length: 60 }, (_, i) => `user-${i}`);
    const variants = async () =>
      Promise.all(keys.map(async (key) => (await ask(server.url, 1, ...request(key))).variant!));
    const before = await variants();
    expect(await variants()).toEqual(before);
    expect(new Set(before)).toEqual(new Set(["a", "b"]));
    await deployment.setWeights("m", { b: 3 });
    const after = await variants();
    for (const [i, variant] of before.entries()) if (variant === "b") expect(after[i]).toBe("b");
    expect(after.filter((variant) => variant === "b").length).toBeGreaterThan(
      before.filter((variant) => variant === "b").length,
    );
  });

  test("tensors are assigned by a field as records are", async () => {
    const { server } = await start(two("    sticky: { field: who }"));
    for (const key of ["user-1", "user-2", "user-3", "user-4"]) {
      const inputs = [
        { name: "x", datatype: "FP64", shape: [1, 1], data: [1] },
        { name: "who", datatype: "BYTES", shape: [1, 1], data: [key] },
      ];
      const response = await fetch(`${server.url}/v2/models/m/infer`, {
        method: "POST",
        body: JSON.stringify({ inputs }),
      });
      await response.text();
      expect(response.headers.get("ingot-variant")).toBe((await ask(server.url, 1, {}, key)).variant);
    }
  });

  const pins: [how: string, path: string, headers: Record<string, string>, body: (who: string) => unknown][] = [
    ["a header", "/predict/m", { "Ingot-Variant": "b" }, (who) => ({ x: 1, who })],
    [
      "SageMaker's header",
      "/endpoints/m/invocations",
      { "X-Amzn-SageMaker-Target-Variant": "b" },
      (who) => ({ instances: [{ x: 1, who }] }),
    ],
    ["a label", "/v1/models/m/labels/b:predict", {}, (who) => ({ instances: [{ x: 1, who }] })],
    ["a version", "/v1/models/m/versions/2.0.0:predict", {}, (who) => ({ instances: [{ x: 1, who }] })],
  ];
  test.each(pins)("what %s asks for answers, whoever the field belongs to", async (_how, target, headers, body) => {
    const { server } = await start(two("    sticky: { field: who }"));
    for (const who of ["user-1", "user-2", "user-3", "user-4", "user-5", "user-6"]) {
      const response = await fetch(server.url + target, { method: "POST", headers, body: JSON.stringify(body(who)) });
      await response.text();
      expect([response.status, response.headers.get("ingot-variant")]).toEqual([200, "b"]);
    }
  });

  test("where the chosen one fails inside, the fallback answers and is named", async () => {
    const { server, deployment, packages } = await start(two("    fallback: a", [0, 1]));
    packages.of("2").fails = 1;
    expect(await ask(server.url, 1)).toMatchObject({ status: 200, by: "1", variant: "a" });
    packages.of("1").fails = 1;
    expect((await ask(server.url, 1)).status).toBe(500);
    packages.of("1").fails = 0;
    packages.of("2").fails = 0;
    const wrong = await fetch(`${server.url}/predict`, { method: "POST", body: '{"x":"no"}' });
    expect([wrong.status, wrong.headers.get("ingot-variant")]).toEqual([400, "b"]);
    expect(deployment.state().revision).toBe(1);
  });
});

describe("shadows", () => {
  const shadowed = `
models:
  m:
    variants:
      a: { package: 'numbered:1' }
      dark: { package: 'numbered:2', shadow: true }`;
  const compared = (deployed: Deployed) => deployed.deployment.state().models[0]!.variants[1]!.comparison!;

  test("answer nobody; their differences are recorded", async () => {
    const deployed = await start(shadowed);
    for (let i = 0; i < 5; i++) {
      const seen = compared(deployed).outputs["y"]?.compared ?? 0;
      expect(await ask(deployed.server.url, i, { "Ingot-Request-Id": `r${i}` })).toMatchObject({
        by: "1",
        variant: "a",
      });
      await untilTrue(() => (compared(deployed).outputs["y"]?.compared ?? 0) > seen);
    }
    const { outputs, differences } = compared(deployed);
    expect(outputs).toEqual({
      y: { compared: 5, same: 0, numbers: 5, largest: 1, mean: 1 },
      by: { compared: 5, same: 0, numbers: 0, largest: Number.NaN, mean: Number.NaN },
    });
    expect(differences).toContainEqual(
      expect.objectContaining({ requestId: "r3", output: "by", given: "1", shadow: "2" }),
    );
  });

  test("neither fail nor delay an answer", async () => {
    const deployed = await start(shadowed);
    deployed.packages.of("2").fails = 1;
    expect((await ask(deployed.server.url, 1)).status).toBe(200);
    await untilTrue(() => compared(deployed).failed === 1);
    deployed.packages.of("2").fails = 0;
    deployed.packages.of("2").delayMs = 800;
    for (let i = 0; i < 20; i++) expect((await ask(deployed.server.url, i)).by).toBe("1");
    expect(compared(deployed).skipped).toBeGreaterThan(0);
    deployed.packages.of("2").delayMs = 0;
  });
});

describe("shadows beside everything else", () => {
  const busy = (more: string) => `
models:
  m:
    variants:
      a: { package: 'numbered:1', weight: 1 }
      b: { package: 'numbered:1', weight: 1 }
      dark: { package: 'numbered:2', shadow: true }
      darker: { package: 'numbered:3', shadow: true }
    ${more}`;

  test.each(["sticky: { field: who }", "sticky: { header: x-user }", "fallback: a", ""])(
    "%j: each is asked itself and once, nothing of it is noted, its failures are its own",
    async (more) => {
      const noted: string[] = [];
      const notes = [({ model }: { model: { variant: string } }) => void noted.push(model.variant)];
      const deployed = await start(busy(more), { notes });
      const variant = (name: string) =>
        deployed.deployment.state().models[0]!.variants.find((one) => one.name === name)!.comparison!;
      for (let i = 0; i < 4; i++) {
        const seen = [variant("dark"), variant("darker")].map(({ outputs }) => outputs["by"]?.compared ?? 0);
        expect((await ask(deployed.server.url, i)).by).toBe("1");
        await untilTrue(() => (variant("dark").outputs["by"]?.compared ?? 0) > seen[0]!);
        await untilTrue(() => (variant("darker").outputs["by"]?.compared ?? 0) > seen[1]!);
      }
      expect([variant("dark"), variant("darker")].map(({ outputs }) => outputs["by"])).toEqual([
        expect.objectContaining({ compared: 4, same: 0 }),
        expect.objectContaining({ compared: 4, same: 0 }),
      ]);
      deployed.packages.of("2").fails = 1;
      expect((await ask(deployed.server.url, 1)).status).toBe(200);
      await untilTrue(() => variant("dark").failed === 1);
      expect(noted).toHaveLength(5);
      for (const name of noted) expect(["a", "b"]).toContain(name);
    },
  );
});

describe("guardrails", () => {
  const guarded = (version: number, weights = "") =>
    weights === ""
      ? single(version, ", guardrails: { minimum_requests: 40, error_rate: 0.05, latency_ratio: 3 }")
      : `models: { m: { variants: { a: { package: 'numbered:1', weight: 1 }, b: { package: 'numbered:${version}', weight: ${weights} } }, guardrails: { minimum_requests: 40, error_rate: 0.05 } } }`;
  const traffic = async (url: string, until: () => boolean, most = 3000) => {
    const replies: Reply[] = [];
    while (!until() && replies.length < most)
      replies.push(...(await Promise.all(Array.from({ length: 10 }, () => ask(url, 1)))));
    return replies;
  };

  test("a version that fails more often goes back by itself", async () => {
    const { server, deployment, packages, log } = await start(guarded(1));
    await traffic(server.url, () => false, 100);
    await deployment.apply(planOf(guarded(2)), "test");
    packages.of("2").fails = 0.4;
    await traffic(server.url, () => deployment.state().revision === 3);
    expect(deployment.state()).toMatchObject({
      revision: 3,
      why: expect.stringMatching(/^guardrail: \d+ of \d+ requests failed, 0 of 1\d\d did before/),
    });
    expect((await ask(server.url, 1)).by).toBe("1");
    expect(log.map(({ event }) => event)).toContain("guardrail");
  });

  test("a version that is much slower goes back by itself", async () => {
    const { server, deployment, packages } = await start(guarded(1));
    await traffic(server.url, () => false, 100);
    await deployment.apply(planOf(guarded(2)), "test");
    packages.of("2").delayMs = 400;
    await traffic(server.url, () => deployment.state().revision === 3);
    expect(deployment.state().why).toMatch(/answers took longer than .* 3 × the 95th percentile before/);
  });

  test("a version that is as good stays", async () => {
    const { server, deployment, packages } = await start(guarded(1));
    packages.of("1").fails = 0.02;
    packages.of("2").fails = 0;
    await traffic(server.url, () => false, 100);
    await deployment.apply(planOf(guarded(2)), "test");
    packages.of("2").fails = 0.02;
    await traffic(server.url, () => false, 300);
    expect(deployment.state().revision).toBe(2);
  });

  test("a canary whose weight was raised on the way goes back to where it was not yet", async () => {
    const { server, deployment, packages } = await start(guarded(1));
    await traffic(server.url, () => false, 100);
    await deployment.apply(planOf(guarded(2, "1")), "canary");
    await deployment.setWeights("m", { b: 3 });
    packages.of("2").fails = 0.5;
    await traffic(server.url, () => deployment.state().history.length === 1);
    expect(new Set((await traffic(server.url, () => false, 30)).map(({ by }) => by))).toEqual(new Set(["1"]));
  });

  test("failures that the fallback made good count", async () => {
    const { server, deployment, packages } = await start(
      guarded(2, "0").replace("guardrails", "fallback: a, guardrails"),
    );
    await traffic(server.url, () => false, 100);
    await deployment.setWeights("m", { b: 9 });
    packages.of("2").fails = 1;
    const replies = await traffic(server.url, () => deployment.state().revision === 3);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(deployment.state().why).toMatch(/^guardrail/);
  });
});

describe("loading and unloading", () => {
  test("by name, one after the other", async () => {
    const { server, deployment, packages } = await start(`${single(1)}\nkeep_previous: 0ms`);
    await deployment.load("numbered:3");
    const response = await fetch(`${server.url}/predict/numbered`, { method: "POST", body: '{"x":1}' });
    expect(await response.json()).toEqual({ y: 4, by: "3" });
    await deployment.load("numbered:4");
    expect(server.serving.find("numbered").version).toBe("4.0.0");
    await deployment.unload("numbered");
    await untilTrue(() => packages.of("4").closed === 1);
    expect((await fetch(`${server.url}/predict/numbered`, { method: "POST", body: '{"x":1}' })).status).toBe(404);
    await expect(deployment.unload("m")).rejects.toMatchObject({ code: "DEPLOYMENT_REFUSED" });
    await expect(deployment.unload("nn")).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
  });
});
