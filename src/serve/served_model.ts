// What a server serves: an opened package, or anything that has the same shape.
import type { Schema } from "../core/index.ts";
import type { Package } from "../package/index.ts";
import type { InputRecord, Predictor, PredictorOptions } from "../runtime/index.ts";

export interface ServedModel {
  /** As in `name:version`; may contain `/`, which clients percent-encode. */
  readonly name: string;
  readonly version: string;
  /** Digest of the package, sent as `Ingot-Package` with every answer. */
  readonly digest: string;
  readonly schema: Schema;
  /** Closed by the server that serves it. */
  readonly predictor: Predictor;
  readonly description?: string | undefined;
  /** A record the model accepts; fills the playground's form and the OpenAPI document. */
  readonly example?: InputRecord | undefined;
  /** Which variant of a deployment this is, sent as `Ingot-Variant`. Default `main`. */
  readonly variant?: string | undefined;
}

/** An opened package as the server takes it: its predictor runs, its first example fills the form. */
export async function servedPackage(pkg: Package, options: PredictorOptions = {}): Promise<ServedModel> {
  const [predictor, examples] = await Promise.all([pkg.predictor(options), pkg.examples()]);
  return {
    name: pkg.name,
    version: pkg.version,
    digest: pkg.digest,
    schema: predictor.schema,
    predictor,
    description: pkg.description.description,
    example: examples[0]?.inputs,
  };
}
