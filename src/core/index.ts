// core: errors, digests, bounded readers, canonical JSON, safe paths, and the words of the schema.
export * from "./byte_reader.ts";
export * from "./canonical_json.ts";
export * from "./digest.ts";
export * from "./error_codes.ts";
export * from "./errors.ts";
export * from "./file_errors.ts";
export * from "./node_crypto.ts";
export * from "./safe_path.ts";
export * from "./schema.ts";
export * from "./soon.ts";
export * from "./wording.ts";
