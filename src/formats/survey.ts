// What a reader tells while it walks a file, for the rules of `scan` to judge. Readers observe; they never judge.
import type { OpenFile } from "./source.ts";

/** Where a reader reports to. Offsets are bytes from the start of the file being surveyed. */
export interface Survey {
  /** A parser understood bytes `[start, end)`. Ranges may overlap and come in any order; what nobody covers is unknown. */
  covered(start: number, end: number): void;
  /**
   * This file explains bytes of another file beside it (weights without a format of their own), by its path from here: these
   * ranges, or all of it.
   */
  coveredBeside?(path: string, ranges?: readonly (readonly [start: number, end: number])[]): void;
  /** The reader that reports from here on, by its id: the coverage of the file names it. Called before `covered`. */
  reading?(reader: string): void;
  observe(observation: Observation): void;
  /** Whether it matters what this class or function is called with; readers spare themselves the text of arguments else. Default: yes. */
  asksArguments?(module: string, name: string): boolean;
  /**
   * A file inside this one, surveyed by its own format at once; the survey closes it. The bytes it takes in this file must be
   * covered by the caller.
   */
  nested(name: string, file: OpenFile, by?: (file: OpenFile, survey: Survey) => Promise<void>): Promise<void>;
}

/** One thing that was seen. `at` is its byte offset where it has one. */
export type Observation = { readonly at?: number } & (
  | {
      /** A class or function that loading the pickle would import. */
      readonly kind: "global";
      readonly module: string;
      readonly name: string;
      readonly use: "import" | "call" | "build";
      /** Short text of the arguments of a call, e.g. `("touch /tmp/x",)`. */
      readonly args?: string;
    }
  /** The stream breaks the rules of its format in a way that loaders and scanners may read differently. */
  | { readonly kind: "anomaly"; readonly subject: AnomalySubject; readonly detail: string }
  /** Python bytecode or source that loading or using the model would run. */
  | { readonly kind: "code"; readonly subject: string; readonly detail: string }
  /** An object of a Keras configuration: any `class_name`, with the module it is taken from. */
  | { readonly kind: "keras-object"; readonly module: string; readonly name: string; readonly path: string }
  /** An operator of a graph that is not part of its standard, or touches the world outside. */
  | {
      readonly kind: "operator";
      readonly domain: string;
      readonly name: string;
      readonly node: string;
      readonly detail?: string;
    }
  /** A path or URL that loading would read or write. */
  | { readonly kind: "path"; readonly path: string; readonly purpose: string }
  /** A Jinja template that a server would render. */
  | { readonly kind: "template"; readonly text: string; readonly name: string }
  /** A configuration that makes loaders import code from the repository (`auto_map`, `trust_remote_code`, `_target_`). */
  | { readonly kind: "remote-code"; readonly key: string; readonly value: string }
  /** A program: ELF, PE, Mach-O, `#!` … */
  | { readonly kind: "executable"; readonly format: string }
  /** A key, token or password in a text file; `detail` shows only its beginning. */
  | { readonly kind: "secret"; readonly subject: string; readonly detail: string }
  /** A link or device among files. */
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  /** A limit that keeps the scan bounded was reached: ratio, depth, count, size. */
  | { readonly kind: "limit"; readonly limit: string; readonly detail: string }
  /** A part that was seen but not understood: makes the verdict unknown. */
  | { readonly kind: "unread"; readonly detail: string }
);

export type AnomalySubject =
  | "pickle"
  | "numpy"
  | "zip"
  | "tar"
  | "compression"
  | "header"
  | "structure"
  | "trailing-data"
  | "truncated"
  | "duplicate"
  | "polyglot";
