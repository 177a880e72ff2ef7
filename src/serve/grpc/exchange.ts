// One gRPC request: who asks, what model answers, what was learned of it when it was over.
import { randomUUID } from "node:crypto";
import type { ErrorCode } from "../../core/index.ts";
import type { Asker, Call, Phases } from "../call.ts";
import { clientLeft } from "../finished_request.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import type { GrpcCall } from "./wire/grpc_call.ts";

const acceptableId = /^[\x21-\x7e]{1,128}$/;

class Prediction implements Call {
  readonly id: string;
  deadline: number;
  priority = 0;
  rows = 0;
  batchSize = 0;
  isPinned = false;
  answeredBy: ServedModel | null = null;
  readonly phases: Phases = { parse: 0, queue: 0, compute: 0, encode: 0 };
  readonly #wire: GrpcCall;
  #controller: AbortController | null = null;

  constructor(id: string, wire: GrpcCall) {
    this.id = id;
    this.#wire = wire;
    this.deadline = wire.deadline;
  }

  get isGone(): boolean {
    return this.#wire.isGone;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#wire.onGone(() => controller.abort());
    }
    return this.#controller.signal;
  }
}

export class GrpcExchange implements Asker {
  readonly id: string;
  readonly call: Call;
  /** Set when the answer is an error. */
  errorCode: ErrorCode | null = null;
  readonly #wire: GrpcCall;
  readonly #serving: Serving;
  readonly #start = performance.now();
  #model: ServedModel | null = null;

  constructor(wire: GrpcCall, serving: Serving) {
    this.#wire = wire;
    this.#serving = serving;
    const given = this.header("ingot-request-id");
    this.id = given !== undefined && acceptableId.test(given) ? given : randomUUID();
    this.call = new Prediction(this.id, wire);
  }

  /** A metadata value by its lower-case name. */
  header(name: string): string | undefined {
    return this.#wire.header(name);
  }

  /** The model that answered, or was to; null before `choose`. */
  get model(): ServedModel | null {
    return this.call.answeredBy ?? this.#model;
  }

  /**
   * Chooses the model that answers and holds it until `finish`.
   * @throws IngotError MODEL_UNKNOWN
   */
  choose(name: string, version: string): ServedModel {
    this.#model = this.#serving.choose(this, name, version);
    return this.#model;
  }

  /** Lets go of the model and tells the observers. @param status in HTTP's numbers, as everywhere here */
  finish(route: string, status: number): void {
    this.#model?.release();
    if (!this.#serving.isObserved) return;
    const { id, call, errorCode } = this;
    this.#serving.finished({
      id,
      dialect: "gRPC",
      route,
      method: "POST",
      status: this.#wire.isGone ? clientLeft : status,
      errorCode,
      model: this.model,
      phases: call.phases,
      rows: call.rows,
      batchSize: call.batchSize,
      ms: performance.now() - this.#start,
    });
  }
}
