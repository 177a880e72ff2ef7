// One request and its answer: identity, phases, headers.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { ErrorCode } from "../core/index.ts";
import type { Cors } from "./access/cors.ts";
import type { Asker, Call, Phases } from "./call.ts";
import { HttpCall } from "./http_call.ts";
import { HeldMemory } from "./request_memory.ts";
import type { Route } from "./router.ts";
import type { ServedModel } from "./served_model.ts";
import type { Serving } from "./serving.ts";
import type { ShownModels } from "./shown_models.ts";
import { giveUpWhenStalled } from "./stalled.ts";

const acceptableId = /^[\x21-\x7e]{1,128}$/;

export class Exchange implements Asker {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path without its query, still percent-encoded. */
  readonly path: string;
  /** The caller's `Ingot-Request-Id` (or SageMaker's inference id) when it is printable ASCII of at most 128 characters, else a new one. */
  readonly id: string;
  readonly call: Call;
  /** What the request holds until it is answered. */
  readonly memory: HeldMemory;
  /** What is named in the answer's headers: the chosen model, else the first; null where who asks may not know of that. */
  model: ServedModel | null;
  /** Set when it is found. */
  route: Route | null = null;
  /** Set when the answer is an error. */
  errorCode: ErrorCode | null = null;
  private readonly serving: Serving;
  private chosen: ServedModel | null = null;
  private held: ServedModel | null = null;

  constructor(request: IncomingMessage, response: ServerResponse, serving: Serving) {
    const url = request.url ?? "/";
    const query = url.indexOf("?");
    const given = request.headers["ingot-request-id"] ?? request.headers["x-amzn-sagemaker-inference-id"];
    this.request = request;
    this.response = response;
    this.path = query === -1 ? url : url.slice(0, query);
    this.id = typeof given === "string" && acceptableId.test(given) ? given : randomUUID();
    this.model = serving.options.tokens ? null : serving.first;
    this.serving = serving;
    this.memory = new HeldMemory(serving.memory);
    this.call = new HttpCall(this.id, response);
  }

  get cors(): Cors | null {
    return this.serving.options.cors ?? null;
  }

  /** @throws IngotError UNAUTHENTICATED where a token is needed and none that is known was given */
  authenticate(): void {
    this.serving.options.tokens?.check(this.header("authorization"));
  }

  /** A header by its lower-case name. */
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return typeof value === "string" ? value : value?.[0];
  }

  /** The model that a route asked for; null before `choose`. */
  get asked(): ServedModel | null {
    return this.chosen;
  }

  /**
   * Chooses the model that answers and holds it until `release`, which the server calls.
   * @throws IngotError MODEL_UNKNOWN
   */
  choose(name?: string, version?: string): ServedModel {
    this.release();
    return this.hold(this.serving.choose(this, name, version));
  }

  /** Takes a variant by its name, whatever the weights say. @throws IngotError MODEL_UNKNOWN */
  chooseVariant(name: string, variant: string): ServedModel {
    this.release();
    const model = this.serving.shownTo(this).findVariant(name, variant);
    this.serving.use(model);
    this.call.isPinned = true;
    return this.hold(model);
  }

  /** A model to show what it is, named in the answer. @throws IngotError MODEL_UNKNOWN */
  find(name: string, version?: string): ServedModel {
    const model = this.shown.find(name, version);
    this.model = model;
    return model;
  }

  /** What the asker may know of. */
  get shown(): ShownModels {
    return this.serving.shownTo(this);
  }

  private hold(model: ServedModel): ServedModel {
    this.chosen = model;
    this.held = model;
    this.model = model;
    return model;
  }

  /** The chosen model is no longer needed. */
  release(): void {
    this.held?.release();
    this.held = null;
  }

  /** Answers with JSON text that is already written. */
  json(status: number, text: string, headers?: OutgoingHttpHeaders): void {
    this.send(status, "application/json", text, headers);
  }

  /** Text and few bytes leave in one write together with the headers, many bytes in a second one. */
  send(status: number, contentType: string | null, body: string | Uint8Array, more?: OutgoingHttpHeaders): void {
    const { response } = this;
    if (response.headersSent || response.destroyed) return;
    const headers = this.headers();
    if (contentType !== null) headers["Content-Type"] = contentType;
    if (status !== 204 && status !== 304) headers["Content-Length"] = Buffer.byteLength(body);
    response.writeHead(status, more ? Object.assign(headers, more) : headers);
    // As text of bytes: Node joins texts with the headers, and buffers never.
    if (typeof body === "string" || body.byteLength > joinedUpTo) response.end(body);
    else response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1"), "latin1");
    giveUpWhenStalled(this.request, response);
  }

  /** Answers now although the body has not been read, and closes the connection once the client has had time to see it. */
  refuse(status: number, text: string, headers?: OutgoingHttpHeaders): void {
    const { request, response } = this;
    if (response.headersSent || response.destroyed) return;
    const body = Buffer.from(text);
    response.writeHead(status, {
      ...this.headers(),
      "Content-Type": "application/json",
      "Content-Length": body.byteLength,
      ...headers,
      ...(request.httpVersionMajor === 1 ? { Connection: "close" } : {}),
    });
    response.write(body);
    // Closing with unread bytes resets the connection, and the client would never see why: read on for a moment.
    const timer = setTimeout(() => response.end(), lingerMs);
    const finish = () => {
      clearTimeout(timer);
      response.end();
    };
    request.once("end", finish).once("close", finish).resume();
  }

  private headers(): OutgoingHttpHeaders {
    const model = this.call.answeredBy ?? this.model;
    const headers: OutgoingHttpHeaders = { "Ingot-Request-Id": this.id, "X-Content-Type-Options": "nosniff" };
    if (model !== null) {
      headers["Ingot-Package"] = model.digest;
      headers["Ingot-Variant"] = model.variant;
    }
    // Known only now: the server may have begun to stop while this request was computed. HTTP/2 has no such header.
    if (this.serving.draining && this.request.httpVersionMajor === 1) headers["Connection"] = "close";
    if (this.cors) Object.assign(headers, this.cors.headers(this.header("origin")));
    const { phases } = this.call;
    if (phases.compute > 0) headers["Server-Timing"] = serverTiming(phases);
    return headers;
  }
}

const lingerMs = 2000;
const joinedUpTo = 16 * 1024;

function serverTiming({ parse, queue, compute, encode }: Phases): string {
  return `parse;dur=${parse.toFixed(3)}, queue;dur=${queue.toFixed(3)}, compute;dur=${compute.toFixed(3)}, encode;dur=${encode.toFixed(3)}`;
}
