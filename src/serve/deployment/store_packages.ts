// Packages of a store, as a deployment takes them.
import type { Store } from "../../oci/index.ts";
import { openPackage, resolveReference } from "../../package/index.ts";
import { type LoadOptions, servedPackage } from "../served_package.ts";
import type { FoundPackage } from "./carrier.ts";

/** Finds by reference, now; what it finds is loaded by digest, whatever the name means by then. */
export function storePackages(store: Store, options: LoadOptions = {}): (reference: string) => Promise<FoundPackage> {
  return async (reference) => {
    const { name, version, digest } = await resolveReference(reference, store);
    return {
      name,
      version,
      digest,
      examples: async () =>
        (await (await openPackage(`${name}:${version}@${digest}`, store)).examples()).map(({ inputs }) => inputs),
      load: async () => servedPackage(await openPackage(`${name}:${version}@${digest}`, store), options),
    };
  };
}
