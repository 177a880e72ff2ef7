// Spans as a collector gets them: a real OTLP receiver over HTTP, in JSON as the specification has it.
import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDeployed } from "../../../src/serve/index.ts";
import { NumberedPackages, planOf } from "../deployment/numbered_models.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

const spans: Span[] = [];
const paths: string[] = [];
const collector = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  paths.push(request.url!);
  for (const { scopeSpans } of JSON.parse(text).resourceSpans)
    for (const scope of scopeSpans) spans.push(...scope.spans);
  response.setHeader("Content-Type", "application/json");
  response.end("{}");
}).listen(0, "127.0.0.1");

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
beforeAll(async () => {
  if (!collector.listening) await once(collector, "listening");
  const { port } = collector.address() as { port: number };
  const packages = new NumberedPackages();
  const server = await startDeployed({
    deployment: planOf("models: { m: { package: 'numbered:1' } }"),
    find: packages.find,
    port: 0,
    webFolder: null,
    errorLog: () => {},
    traces: { url: `http://127.0.0.1:${port}/`, version: "0.1.0" },
  });
  const ask = async (body: string, headers: Record<string, string>) =>
    (await fetch(`${server.url}/predict`, { method: "POST", body, headers })).text();
  await ask('{"x":1}', { "Ingot-Request-Id": "one", traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  await ask('{"x":1}', { "Ingot-Request-Id": "unsampled", traceparent: `00-${traceId}-00f067aa0ba902b7-00` });
  await ask('{"x":"no"}', { "Ingot-Request-Id": "refused", traceparent: "00-nonsense" });
  packages.of("1").fails = 1;
  await ask('{"x":1}', { "Ingot-Request-Id": "failed" });
  await server.close();
});
afterAll(() => {
  collector.close();
});

const spanOf = (id: string) =>
  spans.find(({ attributes }) =>
    attributes.some(({ key, value }) => key === "ingot.request.id" && value["stringValue"] === id),
  );
const attribute = (span: Span, name: string) =>
  Object.values(span.attributes.find(({ key }) => key === name)?.value ?? {})[0];

test("a request is a span of the caller's trace, with what answered it", () => {
  expect(new Set(paths)).toEqual(new Set(["/v1/traces"]));
  const span = spanOf("one")!;
  expect(span).toMatchObject({ traceId, parentSpanId: "00f067aa0ba902b7", name: "POST /predict", kind: 2 });
  expect(attribute(span, "http.response.status_code")).toBe(200);
  expect(attribute(span, "ingot.variant")).toBe("main");
  expect(attribute(span, "ingot.package")).toMatch(/^sha256:/);
});

test("its phases are spans within it, one after the other", () => {
  const span = spanOf("one")!;
  const phases = spans.filter(({ parentSpanId }) => parentSpanId === span.spanId);
  expect(phases.map(({ name }) => name)).toEqual(["parse", "queue", "compute", "encode"]);
  for (const [i, phase] of phases.entries()) {
    expect(BigInt(phase.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(phase.startTimeUnixNano));
    if (i > 0) expect(phase.startTimeUnixNano).toBe(phases[i - 1]!.endTimeUnixNano);
  }
  expect(BigInt(phases.at(-1)!.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(span.endTimeUnixNano) + 1_000_000n);
});

test("callers decide whether their traces are kept; a header that is none begins a new one", () => {
  expect(spanOf("unsampled")).toBeUndefined();
  const refused = spanOf("refused")!;
  expect(refused.parentSpanId).toBeUndefined();
  expect(refused.traceId).not.toBe(traceId);
  expect(attribute(refused, "error.type")).toBe("INPUT_INVALID");
  expect(refused.status.code ?? 0).toBe(0);
  expect(spanOf("failed")!.status).toEqual({ code: 2, message: "RUNTIME_FAILED" });
});
