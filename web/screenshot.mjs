// Takes the picture of the README: `node web/screenshot.mjs http://127.0.0.1:8080 docs/images/playground.png` while the demo is served.
import { chromium } from "playwright-core";

const [url, file] = process.argv.slice(2);
const quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["headless", "no-sandbox", "disable-gpu", "disable-quic", ...quiet].map((flag) => `--${flag}`),
});
const page = await browser.newPage({ viewport: { width: 1280, height: 1040 } });
await page.goto(url);
// A summer evening, rain, and an aircraft of unknown age: late.
const field = (name) => page.getByLabel(name, { exact: true });
await field("dest").selectOption("ORD");
await field("carrier").selectOption("EV");
for (const [name, value] of Object.entries({ month: "7", hour: "20", humid: "92", precip: "0.3", visib: "2" }))
  await field(name).fill(value);
await page.getByLabel("plane_age is missing").check();
await page.locator(".headline", { hasText: "late" }).waitFor();
// Bars move for a quarter of a second.
await page.waitForTimeout(600);
await page.mouse.click(5, 5);
await page.screenshot({ path: file });
await browser.close();
