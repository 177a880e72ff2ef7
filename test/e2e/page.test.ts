// The playground in a real browser, against a real server with a real model.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, serve } from "../serve/people_model.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const hasBrowser = existsSync(executablePath);
if (!hasBrowser)
  console.warn(`page tests are skipped: no browser at ${executablePath} (apt install chromium, or set CHROMIUM)`);

const quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
const flags = ["headless", "no-sandbox", "disable-gpu", "disable-quic", ...quiet].map((flag) => `--${flag}`);

describe.skipIf(!hasBrowser)("the playground", () => {
  let server: RunningServer;
  let browser: Browser;
  let folder: string;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "ingot-page-"));
    const configFile = path.join(import.meta.dirname, "../../web/vite.config.ts");
    await build({ configFile, build: { outDir: folder }, logLevel: "error" });
    server = await serve([await peopleModel()], { webFolder: folder });
    browser = await chromium.launch({ executablePath, args: flags });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(target: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => request.url().startsWith(server.url) || problems.push(`asked ${request.url()}`));
    await page.goto(server.url + target);
    await page.getByRole("heading", { name: "people 1.2.0" }).waitFor();
    return page;
  }

  test("shows the package and the prediction of its example, and nothing goes wrong", async () => {
    const page = await open("/");
    await page.locator(".headline", { hasText: "209.5" }).waitFor();
    expect(await page.getByText("Adds what people are").isVisible()).toBe(true);
    expect(await page.getByLabel("height", { exact: true }).inputValue()).toBe("170.5");
    expect(await page.locator(".ready").textContent()).toBe("ready");
    expect(await page.title()).toBe("people 1.2.0 · Ingot");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("a changed field changes the prediction and the code", async () => {
    const page = await open("/");
    await page.getByLabel("age", { exact: true }).fill("41");
    await page.locator(".headline", { hasText: "211.5" }).waitFor();
    await page.getByLabel("colour", { exact: true }).selectOption("it's");
    const curl = `curl -s ${server.url}/predict \\\n  -d '{"age": 41, "height": 170.5, "colour": "it'\\''s"}'`;
    expect(await page.locator("#snippet").textContent()).toBe(curl);
    await page.getByRole("tab", { name: "curl" }).press("ArrowRight");
    expect(await page.locator("#snippet").textContent()).toContain('requests.post("http');
    await page.context().close();
  });

  test("missing values and unseen categories can be sent", async () => {
    const page = await open("/");
    await page.getByLabel("height is missing").check();
    await page.locator(".headline", { hasText: "NaN" }).waitFor();
    expect(await page.locator("#snippet").textContent()).toContain('"height": null');
    await page.getByLabel("colour", { exact: true }).selectOption({ label: "another value…" });
    await page.getByLabel("colour, another value").fill("mauve");
    await page.locator(".rest dd", { hasText: "mauve" }).waitFor();
    await page.getByRole("button", { name: "Reset to example" }).click();
    await page.locator(".headline", { hasText: "209.5" }).waitFor();
    await page.context().close();
  });

  test("what is wrong is said at its field, by the page and by the server", async () => {
    const page = await open("/");
    const field = page.locator(".field", { has: page.getByLabel("age", { exact: true }) });
    await page.getByLabel("age", { exact: true }).fill("1.5");
    expect(await field.locator(".problem").textContent()).toBe("enter a whole number");
    expect(await page.getByRole("button", { name: "Predict" }).isDisabled()).toBe(true);
    const before = problems.length;
    await page.getByLabel("age", { exact: true }).fill("-5");
    await field.locator(".problem", { hasText: "below" }).waitFor();
    expect(await page.getByLabel("age", { exact: true }).getAttribute("aria-invalid")).toBe("true");
    // The browser itself reports the refused request.
    problems.splice(before);
    await page.context().close();
  });

  test("the API's page has a request to paste for what takes one", async () => {
    const page = await open("/docs");
    await page.getByLabel("Example of /invocations").click();
    const shown = page.locator("li", { has: page.getByLabel("Example of /invocations") }).locator("pre");
    expect(await shown.textContent()).toBe(
      `curl -s '${server.url}/invocations' -H 'Content-Type: application/json' -d '{"dataframe_records":[{"age":39,"height":170.5,"colour":"red"}]}'`,
    );
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("another model is one link away, and its requests go to it", async () => {
    const both = await serve([await peopleModel(), await peopleModel({ name: "team/others" })], { webFolder: folder });
    const page = await browser.newPage();
    await page.goto(both.url);
    await page.getByRole("link", { name: "team/others" }).click();
    await page.getByRole("heading", { name: "team/others 1.2.0" }).waitFor();
    await page.locator(".headline", { hasText: "209.5" }).waitFor();
    expect(await page.locator("#snippet").textContent()).toContain(`${both.url}/predict/team%2Fothers`);
    await page.getByRole("link", { name: "API", exact: true }).click();
    await page.getByText("POST /predict/team%2Fothers").waitFor();
    await page.goto(`${both.url}/?model=nobody`);
    await page.getByText('no model is called "nobody": served: people, team/others').waitFor();
    await page.close();
    await both.close();
  });

  const screens: [name: string, target: string, options: BrowserContextOptions][] = [
    ["laptop, light", "/", { viewport: { width: 1280, height: 800 }, colorScheme: "light" }],
    ["laptop, dark", "/", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" }],
    ["phone, light", "/", { viewport: { width: 390, height: 844 }, colorScheme: "light" }],
    ["small phone, dark", "/", { viewport: { width: 320, height: 568 }, colorScheme: "dark" }],
    ["API on a laptop", "/docs", { viewport: { width: 1280, height: 800 }, colorScheme: "light" }],
    ["API on a phone", "/docs", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }],
  ];
  test.each(screens)("%s: accessible, nothing wider than the screen", async (_name, target, options) => {
    const page = await open(target, { ...options, bypassCSP: true });
    await page
      .locator(target === "/" ? ".bars, .headline >> text=209.5" : ".operations")
      .first()
      .waitFor();
    expect(await page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth")).toBeLessThanOrEqual(
      0,
    );
    await page.evaluate(
      await readFile(path.join(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8"),
    );
    const run = 'axe.run().then(({ violations }) => violations.map(({ id, help }) => id + ": " + help))';
    const violations = await page.evaluate<string[]>(run);
    expect(violations).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
