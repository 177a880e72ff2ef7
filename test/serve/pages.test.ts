import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, serve } from "./people_model.ts";

let server: RunningServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "ingot-pages-"));
  await mkdir(path.join(folder, "assets"));
  await writeFile(path.join(folder, "index.html"), "<!doctype html><title>page</title>");
  await writeFile(path.join(folder, "assets", "index-abc.js"), "export {};");
  await writeFile(path.join(folder, "secret.txt"), "not a page");
  server = await serve([await peopleModel()], { webFolder: folder });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

test("the page asks to be checked, its parts may be kept for ever", async () => {
  const page = await fetch(`${server.url}/`);
  expect(await page.text()).toContain("<title>page");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("cache-control")).toBe("no-cache");
  const policy = page.headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'; script-src 'self'");
  expect(policy).not.toContain("unsafe");
  const script = await fetch(`${server.url}/assets/index-abc.js`);
  expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(script.headers.get("content-encoding")).toBe("gzip");
  expect(await script.text()).toBe("export {};");
});

test("a page that the browser has is not sent again", async () => {
  const etag = (await fetch(`${server.url}/`)).headers.get("etag")!;
  const again = await fetch(`${server.url}/docs`, { headers: { "If-None-Match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test.each(["/secret.txt", "/assets/secret.txt", "/assets/..%2Fsecret.txt", "/assets/..%2f..%2fetc%2fpasswd"])(
  "%s is not served",
  async (target) => {
    expect((await fetch(server.url + target)).status).toBe(404);
  },
);

test("without built pages the address still says what to do", async () => {
  const plain = await serve([await peopleModel()], { webFolder: null });
  expect(await (await fetch(plain.url)).text()).toContain("npm run build");
  await plain.close();
});

test("what the playground shows comes from the package", async () => {
  const shown = await (await fetch(`${server.url}/playground.json`)).json();
  expect(shown).toMatchObject({
    name: "people",
    version: "1.2.0",
    description: "Adds what people are",
    runtime: "native",
    example: { age: 39, height: 170.5, colour: "red" },
    schema: { inputs: [{ name: "age", unit: "year" }, { name: "height" }, { name: "colour" }] },
    models: ["people"],
  });
});

test("of several models each is shown by its name", async () => {
  const both = await serve([await peopleModel(), await peopleModel({ name: "team/others" })], { webFolder: folder });
  const ask = async (query: string) => await (await fetch(`${both.url}/playground.json${query}`)).json();
  expect(await ask("")).toMatchObject({ name: "people", models: ["people", "team/others"] });
  expect(await ask("?model=team%2Fothers")).toMatchObject({ name: "team/others", models: ["people", "team/others"] });
  expect(await ask("?model=peple")).toMatchObject({ error: { code: "MODEL_UNKNOWN", fix: 'did you mean "people"?' } });
  await both.close();
});
