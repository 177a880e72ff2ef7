// Loading and unloading models while the server runs, as the protocols' model repositories ask for it.
import { IngotError } from "../core/index.ts";
import type { Asker } from "./call.ts";
import type { Serving } from "./serving.ts";

export interface RepositoryEntry {
  readonly name: string;
  readonly version: string;
  readonly state: "READY" | "UNAVAILABLE";
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
}

/** What may be loaded by name. All calls take effect one after the other. */
export interface ModelRepository {
  /** What is served, and what of the store could be. */
  index(): Promise<readonly RepositoryEntry[]>;
  /**
   * Serves the newest version of a package, or the one that the reference names; a served model of that name is replaced without a
   * failed request.
   * @throws IngotError PACKAGE_NOT_FOUND, PACKAGE_CORRUPT and what loading throws: what was served goes on
   */
  load(reference: string): Promise<void>;
  /** Stops serving a model; requests under way are answered. @throws IngotError MODEL_UNKNOWN, DEPLOYMENT_REFUSED for the last one */
  unload(name: string): Promise<void>;
}

/** What is served, each version once. */
export function servedEntries({ models, draining }: Pick<Serving, "models" | "draining">): RepositoryEntry[] {
  const entries = new Map<string, RepositoryEntry>();
  for (const { name, version } of models)
    entries.set(JSON.stringify([name, version]), {
      name,
      version,
      state: draining ? "UNAVAILABLE" : "READY",
      reason: draining ? "the server is stopping" : "",
    });
  return [...entries.values()];
}

/**
 * What changes a model for a client.
 * @throws IngotError FORBIDDEN where clients may not change what is served, or this one not that model
 */
export function controlledRepository(serving: Serving, asker: Pick<Asker, "header">, model: string): ModelRepository {
  // A reference may go on with a version.
  serving.authorize(asker, model.split(/[:@]/, 1)[0]!);
  if (serving.repository) return serving.repository;
  throw new IngotError("FORBIDDEN", {
    what: "this server's models are not loaded or unloaded by clients",
    fix: "start it with `ingot serve --model-control` to allow that",
  });
}

/** What the protocols' index shows to somebody. */
export async function repositoryIndex(
  serving: Serving,
  asker: Pick<Asker, "header">,
  onlyReady: boolean,
): Promise<readonly RepositoryEntry[]> {
  const reach = serving.reachOf(asker);
  const all = serving.repository ? await serving.repository.index() : servedEntries(serving);
  const entries = reach === null ? all : all.filter(({ name }) => reach.has(name));
  return onlyReady ? entries.filter(({ state }) => state === "READY") : entries;
}
