// What carries a deployment out. A change takes two steps, so that several processes change together or not at all.
import type { InputRecord } from "../../runtime/index.ts";
import type { LoadedModel } from "../served_model.ts";
import type { Comparison } from "./comparison.ts";
import type { DeploymentPlan } from "./deployment_file.ts";

/** A package that was found, not loaded yet. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Every digest is verified before anything is believed. */
  load(): Promise<LoadedModel>;
  /** Records that it was packed with. Default: none. */
  examples?(): Promise<readonly InputRecord[]>;
}

/** What is known of a variant while it serves, by `model\0variant`. */
export type Details = ReadonlyMap<
  string,
  { readonly inFlight: number; readonly comparison?: ReturnType<Comparison["state"]> }
>;

export interface Carrier {
  /**
   * Loads, verifies and warms up what of a plan is not loaded yet; nothing is answered differently.
   * @param plan its packages are pinned: `name:version@sha256:…`
   * @param found packages of it that were found just now, by their pinned reference
   * @throws IngotError what loading throws, DEPLOYMENT_REFUSED: everything is as it was
   */
  prepare(plan: DeploymentPlan, found: ReadonlyMap<string, FoundPackage>): Promise<void>;
  /** Serves what was prepared, and keeps what served until now for the way back. Cannot fail. */
  commit(): Promise<void>;
  /** Frees what only the way back needs. */
  forget(): void;
  /** Brings `details` up to date. */
  look(): Promise<void>;
  details(): Details;
  close(): Promise<void>;
}
