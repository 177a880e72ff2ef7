// What a declared step is: options, a type rule, and its work twice (graph nodes, and plain TypeScript), or work on the host. One file per
// step in steps/, one line in the table (steps/index.ts). Steps never see the compiler: a planned step is a function from the columns it
// reads to the columns it writes.
import type { z } from "zod";
import type { Dim, DType } from "../core/index.ts";
import type { Tensor, Value } from "../onnx/index.ts";
import type { Emission, Problem } from "./emission.ts";
import type { HostWork } from "./host.ts";

/**
 * One column of the frame that steps work on: a tensor `[N, ...shape]`, N = number of records. Scalars (`shape` []) are `[N]`. Numbers that
 * may be missing are float64 or float32 with NaN; missing texts are `missingText` (emission.ts). Integers and truth values are never missing.
 */
export interface Column {
  readonly name: string;
  readonly dtype: DType;
  /** Of one record. Sizes that vary between records are names or null. */
  readonly shape: readonly Dim[];
  /** Whether a missing value may stand in it. */
  readonly missing: boolean;
  /** Integers that may be missing are floats; what an output is counts more than how it travels. Default: by `dtype`. */
  readonly type?: "int" | "float";
  /** The contents of a file (base64 in JSON), which only steps on the host read. */
  readonly isBytes?: boolean;
  /** Values that can be in it, where that is known. */
  readonly categories?: readonly string[] | readonly number[];
  /** Names along the last axis. */
  readonly classes?: readonly string[];
  /** What the output is, in scikit-learn's words where it has one. */
  readonly role?: "label" | "probabilities" | "margin" | "value" | "leaf";
  readonly unit?: string;
}

/** What a step can see when it is planned. */
export interface Frame {
  /** In order: inputs, then what steps and the model wrote. */
  readonly columns: readonly Column[];
  /** `before` or `after` the model. */
  readonly place: "before" | "after";
  /** @throws IngotError PIPELINE_INVALID naming the step, the nearest column and the line */
  column(name: string): Column;
  /** The columns of a list that may use `*` at the end of a name (`pixel_*`), in the frame's order. */
  select(names: readonly string[]): readonly Column[];
  /** What the project's examples hold of an input, in order; empty without examples. */
  examples(input: string): readonly unknown[];
  /** The content of one of the step's `files`, as the project holds it. */
  file(name: string): Uint8Array;
  /** A refusal with the step's name and its line in ingot.yaml; `option` narrows the line down, `offset` the column within its text. */
  refuse(
    what: string,
    options?: { option?: string | readonly (string | number)[]; offset?: number; fix?: string },
  ): Error;
}

/** What `evaluate` may do besides computing. */
export interface Evaluation {
  /** Refuses one record, as `Emission.reject` does in the graph. */
  reject(row: number, problem: Problem): void;
}

/** A step whose types are settled. Exactly one of `emit` (with `evaluate`) and `host` is there, unless it only drops or renames. */
export interface StepPlan {
  /** Names of the columns it reads, in the order in which `emit` and `evaluate` are given them. */
  readonly reads: readonly string[];
  /** What it writes, in the order of their results. A name that exists is replaced. */
  readonly writes: readonly Column[];
  /** Columns that end here. Without `emit` and `host`, what is written is what was read, in the same order, under other names. */
  readonly drops?: readonly string[];
  /** Graph nodes. Shapes as in `Column`: `[N, ...shape]`. */
  emit?(columns: readonly Value[], emission: Emission): readonly Value[];
  /**
   * The same in plain TypeScript, written from the outside reference's semantics and not from the nodes: float64 arithmetic unless the
   * reference's is another. Missing texts are `missingText`, as in the graph. Whoever `emit` refuses, `reject` names here.
   */
  evaluate?(columns: readonly Tensor[], rows: number, evaluation: Evaluation): readonly Tensor[];
  /**
   * Where the step treats many scalar columns of one dtype alike: the same nodes on one matrix `[N, k]`, its columns those of `reads`, to one
   * of those of `writes`. The compiler keeps neighbours on the matrix.
   */
  packed?(columns: Value, emission: Emission): Value;
  /** `emit` gives all written columns, scalars of one dtype, as one matrix `[N, k]`; `evaluate` gives them one by one. */
  readonly together?: boolean;
  /** What its numbers may differ by between runtimes, where it uses functions like log that engines compute differently. */
  readonly inexact?: boolean;
  /** Work that no graph can do (decoding files, tokenizing): first or last only. */
  readonly host?: HostWork;
}

export interface Step<Options = unknown> {
  /** As in `ingot.yaml`: snake_case. */
  readonly name: string;
  /** One line for `ingot steps` and docs/steps.md. */
  readonly about: string;
  readonly family: "columns" | "numbers" | "texts" | "images" | "audio" | "series" | "answers" | "custom";
  /** One definition: validation, JSON Schema, docs (every key with `.describe`). Strict objects. */
  readonly options: z.ZodType<Options>;
  /** A piece of YAML for the docs: `impute: { columns: [age], value: 38 }`. Parsed and planned by a test. */
  readonly example: string;
  /** Whose numbers it has: the library's function, with its file. */
  readonly reference: string;
  /** Files of the project that the step needs, relative to it: packed, scanned, and given to the step's work on the host. */
  files?(options: Options): readonly string[];
  /** Modules of the project that are bundled with what they import, when packing; the package holds the bundles (`bundlePath`). */
  modules?(options: Options): readonly string[];
  /** Type rule. @throws what `frame.refuse` and `frame.column` return */
  plan(options: Options, frame: Frame): StepPlan;
}

/** Keeps the type of the options between `options` and `plan`. */
export function step<Options>(definition: Step<Options>): Step<Options> {
  return definition;
}
