// oci: packages' bytes under their digests, in a folder that is an OCI image layout. Knows blobs, manifests and entries,
// but not what a package means.
export { type Content, hashFile } from "./content.ts";
export {
  type Annotations,
  type Descriptor,
  type Index,
  largestManifest,
  type Manifest,
  mediaTypes,
  parseIndex,
  parseManifest,
  refNameAnnotation,
  subjectAnnotation,
} from "./manifest.ts";
export { type ImageReference, parseImageReference, RemoteRepository } from "./remote.ts";
export { Store, type StoreOptions } from "./store.ts";
export type { StoreWriter } from "./writer.ts";
