// What commands need to open a store, and nothing else of its layer: an `import()` of the whole would load the client of registries and images.
export { Store } from "../oci/index.ts";
