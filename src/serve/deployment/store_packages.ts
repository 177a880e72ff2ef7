// Packages of a store, as a deployment takes them.
import type { Store } from "../../oci/index.ts";
import { openPackage, type Package, resolveReference } from "../../package/index.ts";
import { type LoadOptions, servedPackage } from "../served_package.ts";
import type { FoundPackage } from "./carrier.ts";

/** Finds by reference, now; what it finds is loaded by digest, whatever the name means by then. */
export function storePackages(store: Store, options: LoadOptions = {}): (reference: string) => Promise<FoundPackage> {
  return async (reference) => {
    const { name, version, digest } = await resolveReference(reference, store);
    const open = () => openPackage(`${name}:${version}@${digest}`, store);
    let loaded: Package | null = null;
    return {
      name,
      version,
      digest,
      examples: async () => (await (loaded ?? (await open())).examples()).map(({ inputs }) => inputs),
      async load() {
        loaded = await open();
        return servedPackage(loaded, options);
      },
    };
  };
}
