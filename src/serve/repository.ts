// Loading and unloading models while the server runs, as the protocols' model repositories ask for it.

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
