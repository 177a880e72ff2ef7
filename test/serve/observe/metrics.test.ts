import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mergeStates } from "../../../src/serve/observe/watch.ts";
import { ask, type Deployed, deploy } from "../deployment/numbered_models.ts";

let deployed: Deployed;
let text: string;
beforeAll(async () => {
  deployed = await deploy(
    "models: { 'a \"quoted\" name': { variants: { a: { package: 'numbered:1' } } }, m: { package: 'numbered:2' } }",
  );
  const { url } = deployed.server;
  for (let i = 0; i < 7; i++) await ask(url, i);
  await fetch(`${url}/predict/m`, { method: "POST", body: '[{"x":1},{"x":2},{"x":3}]' });
  await fetch(`${url}/predict/m`, { method: "POST", body: '{"x":"no"}' });
  deployed.packages.of("2").fails = 1;
  await fetch(`${url}/predict/m`, { method: "POST", body: '{"x":1}' });
  await fetch(`${url}/nowhere`);
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  text = await response.text();
});
afterAll(() => deployed.close());

/** The value of the only sample whose name and labels match. */
const sample = (name: string, ...labels: string[]) => {
  const lines = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)));
  expect(lines, `${name} ${labels}`).toHaveLength(1);
  return Number(lines[0]!.slice(lines[0]!.lastIndexOf(" ") + 1));
};

test("what happened is what is counted", () => {
  expect(
    sample("ingot_requests_total", 'model="a \\"quoted\\" name"', 'variant="a"', 'status="200"', 'dialect="predict"'),
  ).toBe(7);
  expect(sample("ingot_requests_total", 'model="m"', 'version="2.0.0"', 'status="200"')).toBe(1);
  expect(sample("ingot_requests_total", 'model="m"', 'status="400"')).toBe(1);
  expect(sample("ingot_errors_total", 'model="m"', 'code="INPUT_INVALID"')).toBe(1);
  expect(sample("ingot_errors_total", 'model="m"', 'code="RUNTIME_FAILED"')).toBe(1);
  expect(sample("ingot_other_requests_total", 'status="404"')).toBe(1);
  expect(sample("ingot_request_duration_seconds_count", 'model="m"')).toBe(3);
  expect(sample("ingot_batch_rows_bucket", 'model="m"', 'le="2"') + 1).toBe(
    sample("ingot_batch_rows_bucket", 'model="m"', 'le="4"'),
  );
  expect(sample("ingot_in_flight", 'model="m"')).toBe(0);
  expect(sample("ingot_process_resident_memory_bytes")).toBeGreaterThan(1e7);
});

test("every line is a comment or a sample; buckets never go down, and end at the count", () => {
  const value = '\\{([a-z_]+="(?:[^"\\\\\\n]|\\\\["\\\\n])*",?)*\\} (\\+Inf|-?[\\d.e+-]+)';
  let last = { series: "", count: 0 };
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(new RegExp(`^(# (HELP|TYPE) ingot_[a-z_]+ .+|ingot_[a-z_]+${value})$`));
    const [, name, labels, count] = /^(\w+)_bucket\{(.*),le="[^"]*"\} (\d+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (last.series === `${name}${labels}`) expect(Number(count)).toBeGreaterThanOrEqual(last.count);
    last = { series: `${name}${labels}`, count: Number(count) };
    if (line.includes('le="+Inf"')) expect(text).toContain(`${name}_count{${labels}} ${count}`);
  }
});

test("what several processes counted adds up", () => {
  const { watch } = deployed.server.serving;
  const [one, two] = [watch.state(), mergeStates([watch.state(), watch.state()])];
  const requests = (state: typeof one) => state.traffic.series.map((series) => series.requests);
  expect(requests(two)).toEqual(
    requests(one).map((counts) => Object.fromEntries(Object.entries(counts).map(([key, n]) => [key, 2 * n]))),
  );
  expect(two.traffic.series[0]!.duration.sum).toBeCloseTo(2 * one.traffic.series[0]!.duration.sum, 9);
  expect(two.processes).toHaveLength(2);
});

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
if (!hasPromtool) console.warn("Prometheus' own check is skipped: no promtool (apt install prometheus)");
test.skipIf(!hasPromtool)("promtool finds nothing wrong", () => {
  const check = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  expect(check.stderr).toBe("");
  expect(check.status).toBe(0);
});
