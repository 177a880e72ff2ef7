// What a format is: one reader that detects and describes, never executes.
import type { ColumnType, Dim, Soon } from "../core/index.ts";
import type { OpenFile } from "./source.ts";
import type { Survey } from "./survey.ts";

/** A file, opened for reading in parts. Offsets and sizes in bytes. */
export interface FileSource {
  /** The name shown in messages, as the user gave it. */
  readonly name: string;
  readonly size: number;
  /** Bytes `[start, end)`; shorter only at the end of the file. At once where they are in memory: who reads small files need not wait. */
  read(start: number, end: number): Soon<Uint8Array>;
  /** The whole file. @throws FILE_TOO_LARGE above `limit` bytes (default: what one buffer can hold) */
  readAll(limit?: number): Promise<Uint8Array>;
  /**
   * Another file of the same folder (ONNX external data), by its path from there; the caller closes it.
   * Absent where the bytes stand alone. @throws PATH_UNSAFE, FILE_NOT_FOUND
   */
  sibling?(relative: string): Promise<FileSource & AsyncDisposable>;
}

/** What a person sees of a model before it is packed. Plain JSON: `ingot inspect --json` prints it as it is. */
export interface ModelDescription {
  /** Id of the format, e.g. `xgboost-json`. */
  readonly format: string;
  readonly formatVersion?: string;
  /** Library that wrote the file, where the file says so. */
  readonly producer?: { readonly name: string; readonly version?: string };
  readonly task:
    | "regression"
    | "binary classification"
    | "multiclass classification"
    | "multilabel classification"
    | "ranking"
    | "survival"
    | "unknown";
  /** e.g. `gbtree booster, 200 trees, depth ≤ 6`. */
  readonly summary: string;
  readonly inputs: readonly {
    name: string;
    type: ColumnType;
    shape: readonly Dim[];
    categories?: readonly (string | number)[];
  }[];
  readonly outputs: readonly { name: string; type: ColumnType; shape: readonly Dim[]; classes?: readonly string[] }[];
  /** Format-specific facts in display order: objective, trees, leaves, operators … */
  readonly facts: readonly (readonly [label: string, value: string | number])[];
  /** How many numbers the model has learned, where the file says. */
  readonly parameters?: number;
  /** Weights by element type, the largest share first. */
  readonly sizes?: readonly { dtype: string; tensors: number; parameters: number; bytes: number }[];
  /** Every stored tensor, in the order of the file. */
  readonly tensors?: readonly { name: string; dtype: string; shape: readonly number[] }[];
}

/** One format. `M` is its described model: plain data read from the file, nothing of it trusted beyond its checks. */
export interface Format<M = unknown> {
  readonly id: string;
  readonly title: string;
  /** Whether these first bytes (up to 64 KiB) are this format; content only, never the file name. */
  detect(head: Uint8Array, size: number): boolean;
  /** The first bytes that its files can have (one character each), where not any: others are not asked about. */
  readonly firstBytes?: string;
  /** Reads and checks the whole model. @throws IngotError FILE_*, MODEL_INVALID, MODEL_UNSUPPORTED */
  read(file: FileSource): Promise<M>;
  describe(model: M): ModelDescription;
  /**
   * Walks the file for `scan`, in bounded memory: covers what it understands, observes what rules judge. Never throws for what the
   * file holds: observes it. Where it is absent, a file that `read` accepts counts as understood from first to last byte.
   */
  survey?(file: OpenFile, survey: Survey): Soon<void>;
}
