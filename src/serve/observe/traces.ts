// OpenTelemetry: a span for each request and for each phase of its prediction, sent as OTLP over HTTP. Loaded only when it is asked for.
// Rules: W3C Trace Context; OpenTelemetry semantic conventions for HTTP servers and for errors.
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { FinishedRequest, Observer } from "../finished_request.ts";
import { phaseNames } from "./traffic.ts";

export interface TraceOptions {
  /** Of the collector: spans go to `<url>/v1/traces`. */
  readonly url: string;
  /** Share of the traces that begin here; callers decide for theirs. Default 1. */
  readonly sample?: number;
  /** Version of Ingot. */
  readonly version: string;
}

export interface Traces {
  readonly observe: Observer;
  /** Sends what waits. */
  close(): Promise<void>;
}

/** Spans are made once a request is over: nothing is done while it runs. What the collector does not take is lost, and no request notices. */
export function startTraces({ url, sample = 1, version }: TraceOptions): Traces {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      "service.name": process.env["OTEL_SERVICE_NAME"] || "ingot",
      "service.version": version,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sample) }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url.replace(/\/+$/, "")}/v1/traces` }))],
  });
  const tracer = provider.getTracer("ingot", version);
  return {
    observe(request) {
      const end = Date.now();
      const start = end - request.ms;
      const name = request.route === null ? request.method : `${request.method} ${request.route}`;
      const context = contextOf(request.traceparent);
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.SERVER, startTime: start, attributes: attributesOf(request) },
        context,
      );
      if (span.isRecording()) {
        if (request.status >= 500)
          span.setStatus({ code: SpanStatusCode.ERROR, ...(request.errorCode ? { message: request.errorCode } : {}) });
        if (request.batchSize > 0) addPhases(span, request, end);
      }
      span.end(end);
    },
    close: () => provider.shutdown(),
  };

  /** Phases follow one another and end with the answer. */
  function addPhases(parent: Span, { phases }: FinishedRequest, end: number): void {
    let at = end - phaseNames.reduce((sum, phase) => sum + phases[phase], 0);
    const within = trace.setSpan(ROOT_CONTEXT, parent);
    for (const phase of phaseNames) {
      const span = tracer.startSpan(phase, { startTime: at }, within);
      at += phases[phase];
      span.end(at);
    }
  }
}

function attributesOf({ id, dialect, route, method, status, errorCode, model, rows, batchSize }: FinishedRequest) {
  return {
    "http.request.method": method,
    "http.response.status_code": status,
    "ingot.request.id": id,
    ...(route === null ? {} : { "http.route": route }),
    ...(dialect === null ? {} : { "ingot.dialect": dialect }),
    ...(errorCode === null ? {} : { "error.type": errorCode }),
    ...(model === null
      ? {}
      : {
          "ingot.model": model.name,
          "ingot.version": model.version,
          "ingot.variant": model.variant,
          "ingot.package": model.digest,
          "ingot.rows": rows,
          "ingot.batch.rows": batchSize,
        }),
  };
}

/** The caller's span, when `traceparent` names one as version 00 does. */
function contextOf(traceparent: string | undefined) {
  const [, traceId, spanId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags!, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
