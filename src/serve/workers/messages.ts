// What the first process and its workers ask of each other, and what travels with it.
import type { TokenEntry } from "../access/tokens.ts";
import type { Details } from "../deployment/carrier.ts";
import type { DeploymentPlan } from "../deployment/deployment_file.ts";
import type { TraceOptions } from "../observe/traces.ts";
import type { DeploymentState, WatchState } from "../observe/watch.ts";
import type { RepositoryEntry } from "../repository.ts";
import type { LoadedModel } from "../served_model.ts";
import type { LoadOptions } from "../served_package.ts";
import type { ServerOptions } from "../server.ts";

/** How a worker serves: plain data. */
export interface WorkerSettings {
  /** Folder of the store. */
  readonly store: string;
  readonly load: LoadOptions;
  readonly server: Pick<
    ServerOptions,
    | "version"
    | "tls"
    | "certificateCheckMs"
    | "corsOrigins"
    | "bodyLimit"
    | "maxInFlight"
    | "latencyTargetMs"
    | "headersTimeoutMs"
    | "requestTimeoutMs"
    | "closeTimeoutMs"
  >;
  readonly hasGrpc: boolean;
  /** Null: everybody may ask. */
  readonly tokens: readonly TokenEntry[] | null;
  readonly traces: TraceOptions | null;
  readonly modelControl: boolean;
  /** One line per request, and per decision, on stderr. */
  readonly accessLog: boolean;
  readonly events: boolean;
  /** How many processes share what is bounded: the disk of the log, predictions under way. */
  readonly workers: number;
}

/** A model that serves, for showing. */
export type ShownModel = Pick<LoadedModel, "name" | "version" | "digest" | "schema" | "example"> & {
  readonly variant: string;
};

export interface WorkerState {
  readonly watch: WatchState;
  readonly details: Details;
}

/** Answers of packages for models since the last time: milliseconds, or -1 for one that failed. */
export type Judgements = readonly (readonly [model: string, digest: string, ms: readonly number[]])[];

export interface WorkerMethods {
  /** Loads and answers what it is handed. @param warm also loaded, for the way back */
  start(value: {
    readonly settings: WorkerSettings;
    readonly plan: DeploymentPlan;
    readonly warm: DeploymentPlan | null;
  }): Promise<readonly ShownModel[]>;
  prepare(plan: DeploymentPlan): Promise<void>;
  commit(value: null): Promise<void>;
  abandon(value: null): void;
  forget(value: null): void;
  state(value: null): WorkerState;
  /** Whether all workers answer. */
  ready(all: boolean): void;
  reloadCertificate(value: null): void;
  /** Answers what was accepted, and ends. */
  stop(value: null): Promise<void>;
}

export interface FirstMethods {
  /** A connection arrived: from now on it is the worker's. */
  taken(connection: number): void;
  /** So many connections ended. */
  left(count: number): void;
  judged(judgements: Judgements): void;
  /** What all others counted. */
  others(value: null): Promise<readonly WatchState[]>;
  deployment(value: null): Promise<DeploymentState>;
  index(value: null): Promise<readonly RepositoryEntry[]>;
  load(reference: string): Promise<void>;
  unload(name: string): Promise<void>;
}

/** Comes with a connection. */
export interface Handed {
  readonly connection: number;
  readonly kind: "http" | "grpc";
}
