// A gRPC service as a table of methods: what goes in, what comes out, who answers.
import type { IngotError } from "../../core/index.ts";
import type { GrpcExchange } from "./exchange.ts";
import type { MessageType } from "./message_type.ts";

interface Described {
  readonly name: string;
  readonly request: MessageType;
  readonly response: MessageType;
  /** Answers without a token, where tokens are asked for. */
  readonly isOpen?: boolean;
}

/** One message in, one out. */
export interface UnaryMethod extends Described {
  readonly kind: "unary";
  answer(request: object, exchange: GrpcExchange): object | Promise<object>;
}

/** Each message in, one out, in order; several may be under way. What is thrown ends the stream. */
export interface StreamMethod extends Described {
  readonly kind: "stream";
  answer(request: object, exchange: GrpcExchange): object | Promise<object>;
}

/** One message in, many out for as long as the client listens. @returns how to stop */
export interface WatchMethod extends Described {
  readonly kind: "watch";
  watch(request: object, send: (response: object) => void): () => void;
}

export type Method = UnaryMethod | StreamMethod | WatchMethod;

export interface Service {
  /** With its package: `inference.GRPCInferenceService`. */
  readonly name: string;
  /** Name of the file that describes it, for reflection. */
  readonly file: string;
  readonly methods: readonly Method[];
}

/** A method of one message in and one out, its handler typed by its messages. */
export function unary<Q extends object, A extends object>(
  name: string,
  request: MessageType<Q>,
  response: MessageType<A>,
  answer: (request: Q, exchange: GrpcExchange) => A | Promise<A>,
): UnaryMethod {
  return { kind: "unary", name, request, response, answer: answer as UnaryMethod["answer"] };
}

export function stream<Q extends object, A extends object>(
  name: string,
  request: MessageType<Q>,
  response: MessageType<A>,
  answer: (request: Q, exchange: GrpcExchange) => A | Promise<A>,
): StreamMethod {
  return { kind: "stream", name, request, response, answer: answer as StreamMethod["answer"] };
}

export function watch<Q extends object, A extends object>(
  name: string,
  request: MessageType<Q>,
  response: MessageType<A>,
  start: (request: Q, send: (response: A) => void) => () => void,
): WatchMethod {
  return { kind: "watch", name, request, response, watch: start as WatchMethod["watch"] };
}

/** What probes ask: it answers without a token. */
export function open<M extends Method>(method: M): M {
  return { ...method, isOpen: true };
}

/** gRPC's status codes by HTTP status: https://grpc.github.io/grpc/core/md_doc_statuscodes.html. */
const codes: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  408: 4, // DEADLINE_EXCEEDED
  409: 9, // FAILED_PRECONDITION
  413: 8, // RESOURCE_EXHAUSTED
  415: 3,
  422: 3,
  429: 8,
  499: 1, // CANCELLED
  503: 14, // UNAVAILABLE
  504: 4, // DEADLINE_EXCEEDED
};

export function grpcStatus({ httpStatus }: IngotError): number {
  return codes[httpStatus] ?? 13; // INTERNAL
}
