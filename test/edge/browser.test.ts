// Packages in a real browser: each example answers as it does in Node. On wasm to the last bit; on micro, which takes exp and log from the
// engine it runs in, within 1e-12.
import { existsSync, globSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleBrowser } from "../../scripts/build_browser.mjs";
import { Store } from "../../src/oci/index.ts";
import { openPackage, type Package, pack } from "../../src/package/index.ts";
import { type InputRecord, writeJson } from "../../src/runtime/index.ts";
import { customProject } from "../package/custom_project.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const hasBrowser = existsSync(executablePath);
if (!hasBrowser)
  console.warn(
    `packages in browsers are skipped: no browser at ${executablePath} (apt install chromium, or set CHROMIUM)`,
  );

const root = path.join(import.meta.dirname, "..", "..");
const examples = globSync("examples/*/ingot.yaml", { cwd: root })
  .map((file) => path.dirname(file))
  .sort();
const quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
const flags = ["headless", "no-sandbox", "disable-gpu", "disable-quic", ...quiet].map((flag) => `--${flag}`);
/** As many records as tell: the browser shares two cores with everybody. */
const most = 8;

/** What a page has to do to predict with a package. */
const html = `<!doctype html><link rel="icon" href="data:,"><script type="module">
  import { openPackage, writeJson } from "/browser/ingot.mjs";
  globalThis.predict = async ({ name, digests, runtime, records }) => {
    const read = async (file) => new Uint8Array(await (await fetch("/package/" + name + "/" + file)).arrayBuffer());
    const predictor = await openPackage({ digests, read }, { runtime });
    const answers = await predictor.predictEach(JSON.parse(records));
    await predictor.close();
    return writeJson(answers.map((answer) => (answer instanceof Error ? { error: answer.message } : answer)));
  };
</script>`;

function expectNear(there: unknown, here: unknown, where: string): void {
  if (typeof here === "number") {
    const isNear = typeof there === "number" && Math.abs(there - here) <= 1e-12 * Math.abs(here);
    if (!isNear) expect(there, where).toBe(here);
  } else if (typeof here !== "object" || here === null) expect(there, where).toBe(here);
  else {
    expect(Object.keys(there as object), where).toEqual(Object.keys(here));
    for (const [key, value] of Object.entries(here))
      expectNear((there as Record<string, unknown>)[key], value, `${where}.${key}`);
  }
}

describe.skipIf(!hasBrowser)("packages in a browser", () => {
  let folder: string;
  let store: Store;
  let server: http.Server;
  let browser: Browser;
  let page: Page;
  const opened = new Map<string, Package>();
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "ingot-browser-"));
    store = await Store.open(path.join(folder, "store"));
    await bundleBrowser(path.join(folder, "browser"));
    server = http.createServer((request, response) => {
      serve(request, response).catch(() => response.writeHead(404).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath, args: flags });
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => "predict" in globalThis);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function serve({ url = "/" }: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const [, kind, name = "", ...rest] = decodeURIComponent(url).split("/");
    if (kind === "") return void response.setHeader("content-type", "text/html").end(html);
    const bytes =
      kind === "package"
        ? await opened.get(name)!.read(rest.join("/"))
        : await readFile(path.join(folder, decodeURIComponent(url)));
    const type = url.endsWith(".mjs")
      ? "text/javascript"
      : url.endsWith(".wasm")
        ? "application/wasm"
        : "application/octet-stream";
    response.setHeader("content-type", type).end(bytes);
  }

  async function inBrowser(found: Package, runtime: "wasm" | "micro", records: string): Promise<string> {
    opened.set(found.name, found);
    const digests = Object.fromEntries(found.files.map((file) => [file.path, file.digest]));
    return page.evaluate(
      (given) => (globalThis as unknown as { predict(given: unknown): Promise<string> }).predict(given),
      { name: found.name, digests, runtime, records },
    );
  }

  /** Answers of Node, which those of the browser equal. */
  async function compare(project: string, given?: readonly InputRecord[]): Promise<unknown[]> {
    const { name } = await pack(project, store);
    const found = await openPackage(name, store);
    const records = given ?? (await found.examples()).slice(0, most).map(({ inputs }) => inputs);
    expect(records.length).toBeGreaterThan(0);
    let plain = "";
    for (const runtime of ["wasm", "micro"] as const) {
      const predictor = await found.predictor({ runtime });
      const here = await predictor.predictEach(records);
      await predictor.close();
      plain = writeJson(here.map((answer) => (answer instanceof Error ? { error: answer.message } : answer)));
      const there = await inBrowser(found, runtime, JSON.stringify(records));
      if (runtime === "wasm") expect(there, runtime).toBe(plain);
      else expectNear(JSON.parse(there), JSON.parse(plain), runtime);
    }
    expect(problems).toEqual([]);
    return JSON.parse(plain) as unknown[];
  }

  test.each(examples)(
    "%s",
    async (example) => {
      await compare(path.join(root, example));
    },
    120_000,
  );

  test("a custom step, and what it throws", async () => {
    const record = { origin: "JFK", dest: "DFW", carrier: "9E", weekday: "Tue", month: 3, hour: 15 };
    const kilometres = [1000, null, 20.5, 1e7, 1000];
    const project = customProject(path.join(folder, "custom"));
    const answers = await compare(
      project,
      kilometres.map((km) => ({ ...record, km })),
    );
    expect(answers[1]).toMatchObject({ error: expect.stringMatching(/RangeError: no distance.*row 1/s) });
    expect(answers[4]).toEqual(answers[0]);
    expect(answers[3]).not.toEqual(answers[0]);
  }, 120_000);

  test("a file that was changed on its way is named", async () => {
    const found = [...opened.values()][0]!;
    const other: Package = {
      ...found,
      name: "changed",
      read: async (file) => (await found.read(file)).map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
    };
    await expect(inBrowser(other, "micro", "[]")).rejects.toThrow(/ingot\.json.*is sha256:/s);
  });
});
