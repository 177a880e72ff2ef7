// The files of a package, and the identity that survives repacking.
import { type Digest, digest } from "../core/index.ts";

/** Layer kinds of CNCF ModelPack. */
export type FileKind = "weight" | "weight.config" | "code" | "dataset" | "doc";

export interface PackageFile {
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly kind: FileKind;
}

/** Names of the files that Ingot itself writes into a package. */
export const fileNames = {
  description: "ingot.json",
  graph: "model.onnx",
  graphData: "model.onnx.data",
  certificate: "certificate.json",
  examples: "examples.jsonl",
  edgeRows: "edge-rows.jsonl",
  environment: "environment/",
} as const;

/** sha256 of what `sha256sum <files> | LC_ALL=C sort` prints: the same wherever and however the files are packed again. */
export function fileSetDigest(files: readonly Pick<PackageFile, "path" | "digest">[]): Digest {
  const lines = files.map((file) => Buffer.from(`${file.digest.slice("sha256:".length)}  ${file.path}\n`));
  return digest(Buffer.concat(lines.sort(Buffer.compare)));
}

const kindsByName: readonly [pattern: RegExp, kind: FileKind][] = [
  [/(^|\/)(readme|license|licence|notice|changelog|citation|model_card)(\.[^/]*)?$/i, "doc"],
  [/\.(md|rst|txt|pdf|html|png|jpe?g|svg)$/i, "doc"],
  [/\.(jsonl|csv|tsv|parquet|arrow|npy|npz)$/i, "dataset"],
  [/\.(py|ipynb|r|jl|ts|js|mjs|sh|sql|toml|lock|c|h|cpp|java|scala)$/i, "code"],
];

/**
 * What kind of file a declared one is. Never `weight`: the graph is the one weight, since a Kitfile names exactly one, and
 * readers pair its entries with the layers in order.
 */
export function kindOf(path: string): FileKind {
  return kindsByName.find(([pattern]) => pattern.test(path))?.[1] ?? "weight.config";
}
