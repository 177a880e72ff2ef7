// Takes the picture of docs/deployments.md: `node web/screenshot_status.mjs <url> <examples.jsonl> <file.png>` while a deployment is served.
// Asks the server from this process meanwhile, some of it wrong, so that there is something to see.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [url, examples, file] = process.argv.slice(2);
const records = readFileSync(examples, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.stringify(JSON.parse(line).inputs));
const seconds = Number(process.env.SECONDS_OF_LOAD ?? 45);
let isOver = false;
let sent = 0;

async function client(number) {
  while (!isOver) {
    sent++;
    const body = records[sent % records.length];
    const wrong = sent % 400 === 0;
    const several = sent % 7 === 0;
    const headers = { "X-User": `user-${(number * 7919 + sent) % 997}` };
    await fetch(`${url}/predict`, {
      method: "POST",
      headers,
      body: wrong ? "{" : several ? `[${body},${body}]` : body,
    }).then((response) => response.text());
    // A day in two minutes: traffic swells and ebbs.
    const wave = 4 + 3.4 * Math.sin(Date.now() / 7000);
    await new Promise((resolve) => setTimeout(resolve, wave * 4 * Math.random()));
  }
}

const clients = Array.from({ length: 12 }, (_, i) => client(i));
const quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["headless", "no-sandbox", "disable-gpu", "disable-quic", ...quiet].map((flag) => `--${flag}`),
});
const page = await browser.newPage({ viewport: { width: 1280, height: 1400 } });
page.on("console", (message) => message.type() === "error" && console.error(message.text()));
await page.goto(`${url}/status`);
await page.waitForTimeout(seconds * 1000);
await page.screenshot({ path: file, fullPage: true });
isOver = true;
await Promise.all(clients);
await browser.close();
console.log(`${sent} requests`);
