// The status page in a real browser, while a deployment with variants and a shadow is asked, fails, and is changed.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type Deployed, deploy, planOf } from "../serve/deployment/numbered_models.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const hasBrowser = existsSync(executablePath);
if (!hasBrowser)
  console.warn(
    `status page tests are skipped: no browser at ${executablePath} (apt install chromium, or set CHROMIUM)`,
  );

const quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
const flags = ["headless", "no-sandbox", "disable-gpu", "disable-quic", ...quiet].map((flag) => `--${flag}`);

const yaml = (weight: number) => `
models:
  m:
    variants:
      a: { package: 'numbered:1', weight: 3 }
      b: { package: 'numbered:2', weight: ${weight} }
      dark: { package: 'numbered:3', shadow: true }`;

describe.skipIf(!hasBrowser)("the status page", () => {
  let deployed: Deployed;
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "ingot-status-"));
    const configFile = path.join(import.meta.dirname, "../../web/vite.config.ts");
    await build({ configFile, build: { outDir: folder }, logLevel: "error" });
    deployed = await deploy(yaml(1), {}, { webFolder: folder });
    browser = await chromium.launch({ executablePath, args: flags });
  });
  afterAll(async () => {
    await browser?.close();
    await deployed?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(["light", "dark"] as const)(
    "shows what happens as it happens, %s, and is accessible",
    async (colorScheme) => {
      const { server, deployment } = deployed;
      const problems: string[] = [];
      const context = await browser.newContext({ colorScheme, bypassCSP: true });
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("request", (request) => request.url().startsWith(server.url) || problems.push(`asked ${request.url()}`));

      await page.goto(`${server.url}/status`);
      for (let i = 0; i < 40; i++) await ask(server.url, i);
      await (await fetch(`${server.url}/predict`, { method: "POST", body: "{" })).text();
      const row = page.getByRole("row", { name: /^m a / });
      await row.waitFor();
      await page.waitForFunction(`document.body.textContent.includes("JSON_MALFORMED")`);
      await page.getByRole("img", { name: /^Latency: p50 / }).waitFor();
      await page.getByRole("row", { name: /dark y \d+ 0 % 2\.00/ }).waitFor();

      await deployment.apply(planOf(yaml(2)), `a change in the ${colorScheme}`);
      await page.getByText(`a change in the ${colorScheme}`).waitFor();
      deployment.refused("test", new Error("what was wanted is not there"));
      await page.getByRole("alert").filter({ hasText: "what was wanted is not there" }).waitFor();

      await page.evaluate(
        await readFile(path.join(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8"),
      );
      const run = 'axe.run().then(({ violations }) => violations.map(({ id, help }) => id + ": " + help))';
      expect(await page.evaluate<string[]>(run)).toEqual([]);
      expect(problems).toEqual([]);
      await context.close();
    },
  );
});
