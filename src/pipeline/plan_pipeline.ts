// Plans a whole pipeline: one frame runs from the inputs through the steps before the model, the model, and the steps after it. Every state
// of a column is a `Version`, so that what stood under a name before it was replaced can still be read where it was read.
import { type ColumnType, type DType, IngotError, type InputSpec, type Schema } from "../core/index.ts";
import { type Connection, connect } from "./connect.ts";
import type { DeclaredStep } from "./declared.ts";
import { type ProjectContent, StepFrame } from "./frame.ts";
import type { Column, StepPlan } from "./step.ts";

/** What `inputs:` of ingot.yaml says of one input. */
export interface DeclaredInput {
  readonly name: string;
  readonly type?: ColumnType | undefined;
  readonly missing?: "allow" | "refuse" | undefined;
  readonly categories?: readonly (string | number)[] | undefined;
  /** Of one record. Default: as the model reads it, or a single value. */
  readonly shape?: readonly (number | null)[] | undefined;
}

/** One state of a column. */
export interface Version {
  readonly id: number;
  readonly column: Column;
  /** Who made it. `before` and `after` are steps in the graph. */
  readonly origin: "input" | "host before" | "before" | "model" | "after" | "host after";
  /** The step that made it. */
  readonly maker?: DeclaredStep;
  /** Written by the model or a step after it: an output of the package unless it is dropped. */
  readonly isAnswer: boolean;
  /** The same value under the name it had before. */
  readonly alias?: Version;
}

export interface PlannedStep {
  readonly declared: DeclaredStep;
  readonly plan: StepPlan;
  readonly reads: readonly Version[];
  readonly writes: readonly Version[];
  /** Name of its function: `p1_impute`, `a2_threshold`. */
  readonly id: string;
}

export interface PlannedPipeline {
  readonly before: readonly PlannedStep[];
  readonly after: readonly PlannedStep[];
  readonly connections: readonly Connection[];
  /** What the model's outputs are in the frame. */
  readonly modelOutputs: readonly Version[];
  readonly answers: readonly Version[];
}

export interface PipelineParts {
  readonly inputs: readonly DeclaredInput[];
  readonly before: readonly DeclaredStep[];
  readonly after: readonly DeclaredStep[];
  /** Of the model alone. */
  readonly schema: Schema;
  readonly project?: ProjectContent | undefined;
  /** Place of a path in ingot.yaml. */
  where(path: readonly PropertyKey[]): string;
}

/** @throws IngotError PIPELINE_INVALID at the line of the step */
export function planPipeline(parts: PipelineParts): PlannedPipeline {
  const planner = new Planner(parts);
  const before = parts.before.map((declared, index) => planner.step(declared, `p${index + 1}_${declared.name}`));
  const connections = parts.schema.inputs.map((spec) => connect(spec, planner.modelInput(spec.name), parts));
  const modelOutputs = parts.schema.outputs.map((spec) => {
    const { name, dtype, classes, role, unit } = spec;
    const shape = spec.layout === "whole" ? spec.shape.slice(1) : spec.shape;
    if (spec.layout === "whole" && spec.shape[0] !== 1)
      throw new IngotError("PIPELINE_INVALID", {
        what: `the model's output \`${name}\` has no axis of records (its shape is [${spec.shape.map((size) => size ?? "?")}]), which steps need`,
        where: parts.where(["model"]),
        fix: "export the model with a first axis for the batch",
      });
    const column: Column = {
      name,
      dtype,
      shape,
      missing: dtype.includes("float"),
      ...(classes ? { classes } : {}),
      ...(role ? { role } : {}),
      ...(unit ? { unit } : {}),
    };
    return planner.put({ column, origin: "model", isAnswer: true });
  });
  const after = parts.after.map((declared, index) => planner.step(declared, `a${index + 1}_${declared.name}`));
  const answers = planner.versions().filter((version) => version.isAnswer);
  if (answers.length === 0)
    throw new IngotError("PIPELINE_INVALID", {
      what: "the steps drop every output",
      where: parts.where(["postprocess"]),
      fix: "keep one",
    });
  planner.checkDeclared();
  return { before, after, connections, modelOutputs, answers };
}

/**
 * Names of the model's inputs that steps make, told before the model is converted: what ingot.yaml says of an input of such a name is about
 * what comes in, not about what the model reads.
 */
export function preparedInputs(parts: PipelineParts): ReadonlySet<string> {
  const planner = new Planner(parts);
  const steps = parts.before.map((declared, index) => planner.step(declared, `p${index + 1}_${declared.name}`));
  const read = new Set(steps.flatMap(({ reads }) => reads.map(sourceOf)));
  return new Set(
    parts.schema.inputs.flatMap(({ name }) => {
      const version = planner.modelInput(name);
      return version.origin === "input" && !version.alias && !read.has(version) ? [] : [name];
    }),
  );
}

class Planner {
  readonly #frame = new Map<string, Version>();
  readonly #parts: PipelineParts;
  /** Names under which columns are read. */
  readonly #read = new Set<string>();
  #next = 0;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    const models = new Map(parts.schema.inputs.map((spec) => [spec.name, spec]));
    for (const input of parts.inputs) {
      const spec = models.get(input.name);
      if (input.type === undefined && !spec)
        throw new IngotError("PIPELINE_INVALID", {
          what: `the type of \`inputs.${input.name}\` is not known`,
          where: parts.where(["inputs", input.name]),
          fix: "add `type: float`, `int`, `bool`, `string` or `bytes`",
        });
      this.put({ column: inputColumn(input, spec), origin: "input", isAnswer: false });
      models.delete(input.name);
    }
    for (const spec of models.values())
      this.put({ column: inputColumn({ name: spec.name }, spec), origin: "input", isAnswer: false });
  }

  put(version: Omit<Version, "id">): Version {
    const made: Version = { ...version, id: this.#next++ };
    this.#frame.delete(made.column.name);
    this.#frame.set(made.column.name, made);
    return made;
  }

  versions(): Version[] {
    return [...this.#frame.values()];
  }

  modelInput(name: string): Version {
    const version = this.#frame.get(name);
    if (version) return this.#use(version);
    throw new IngotError("PIPELINE_INVALID", {
      what: `the model reads \`${name}\`, which a step before it drops or renames`,
      where: this.#parts.where(["preprocess"]),
      fix: "keep the column under this name",
    });
  }

  step(declared: DeclaredStep, id: string): PlannedStep {
    const columns = new Map<string, Column>();
    for (const [name, { column }] of this.#frame) columns.set(name, column);
    const frame = new StepFrame(columns, declared, this.#parts.project);
    const plan = declared.step.plan(declared.options, frame);
    const reads = plan.reads.map((name) => {
      frame.column(name);
      return this.#use(this.#frame.get(name)!);
    });
    this.#checkOrder(plan, reads, frame);
    const isCopy = !plan.emit && !plan.host;
    const isAfter = declared.place === "after";
    for (const name of plan.drops ?? []) this.#frame.delete(name);
    const writes = plan.writes.map((column, i) =>
      this.put(
        isCopy
          ? {
              column,
              origin: reads[i]!.origin,
              alias: reads[i]!.alias ?? reads[i]!,
              isAnswer: isAfter || reads[i]!.isAnswer,
              maker: declared,
            }
          : {
              column,
              origin: plan.host ? (isAfter ? "host after" : "host before") : declared.place,
              isAnswer: isAfter,
              maker: declared,
            },
      ),
    );
    return { declared, plan, reads, writes, id };
  }

  /** Every input that ingot.yaml declares must be read by somebody. */
  checkDeclared(): void {
    for (const { name } of this.#parts.inputs)
      if (!this.#read.has(name))
        throw new IngotError("PIPELINE_INVALID", {
          what: `no step reads the input \`${name}\`, and the model does not either`,
          where: this.#parts.where(["inputs", name]),
          fix: "remove it, or name it as the model or a step does",
        });
  }

  #use(version: Version): Version {
    this.#read.add(sourceOf(version).column.name);
    return version;
  }

  /** Work on the host stands first or last. */
  #checkOrder(plan: StepPlan, reads: readonly Version[], frame: StepFrame): void {
    if (plan.host && frame.place === "before") {
      const made = reads.find(({ origin }) => origin !== "input" && origin !== "host before");
      if (made)
        throw frame.refuse(
          `runs on the host, before the graph, but reads \`${made.column.name}\`, which \`${made.maker?.name}\` makes in the graph`,
          { fix: "let it read inputs only, or what other steps on the host make" },
        );
    }
    const late = plan.host ? undefined : reads.find(({ origin }) => origin === "host after");
    if (late)
      throw frame.refuse(
        `reads \`${late.column.name}\`, which \`${late.maker?.name}\` makes on the host, after the graph`,
        { fix: "put it before that step" },
      );
    const bytes = plan.emit && reads.find(({ column }) => column.isBytes);
    if (bytes)
      throw frame.refuse(`column \`${bytes.column.name}\` holds bytes of a file`, {
        fix: "decode it first (`decode_image`, `decode_audio`)",
      });
  }
}

const dtypes: Readonly<Record<ColumnType, DType>> = {
  float: "float64",
  int: "int64",
  bool: "bool",
  string: "string",
  bytes: "string",
};

/** Computed with in float64, whatever the model reads: that is what pandas and scikit-learn hold before they hand it on. */
function inputColumn(declared: DeclaredInput, model: InputSpec | undefined): Column {
  const { name, type, missing, categories } = declared;
  const given = type ?? model!.type;
  // A file is no form of what the model reads: the step that decodes it makes that.
  const spec = given === "bytes" ? undefined : model;
  const shape =
    declared.shape ?? (spec === undefined ? [] : spec.layout === "whole" ? spec.shape.slice(1) : spec.shape);
  const isMissing = (missing ?? (type === undefined || spec ? spec?.missing : undefined) ?? "refuse") === "allow";
  const own =
    spec && spec.type === given && !spec.dtype.startsWith("float") && !(isMissing && given !== "string")
      ? spec.dtype
      : dtypes[given];
  const dtype: DType = isMissing && (given === "int" || given === "bool") ? "float64" : own;
  const known = categories ?? spec?.categories;
  return {
    name,
    dtype,
    shape,
    missing: isMissing,
    ...(given === "bytes" ? { isBytes: true } : {}),
    ...(given === "int" && dtype === "float64" ? { type: "int" as const } : {}),
    ...(known ? { categories: known as string[] | number[] } : {}),
    ...(spec?.unit ? { unit: spec.unit } : {}),
  };
}

/** Renamed columns are the same value. */
export function sourceOf(version: Version): Version {
  return version.alias ?? version;
}
