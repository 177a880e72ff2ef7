// A file that holds one Python object: what pickle, joblib and skops files are once they are read.
import type { PyValue } from "./values.ts";

export interface PythonModel {
  /** Id of the format, e.g. `pickle`. */
  readonly format: string;
  /** e.g. the protocol. */
  readonly formatVersion?: string;
  /** Name of the file, for messages. */
  readonly source: string;
  readonly root: PyValue;
  /** Classes and functions that loading it imports, in the order of their first use. */
  readonly globals: readonly string[];
  /** What the format itself has to say. */
  readonly facts: readonly (readonly [label: string, value: string | number])[];
}
