// From declared steps and a model to one graph: each step is a function that one node calls, named after it; the model stands between them.
import { IngotError, type InputSpec, type OutputSpec, type Schema } from "../core/index.ts";
import {
  dialect,
  GraphBuilder,
  int32,
  int64,
  type Model,
  type Node,
  raiseOpset,
  strings,
  type Value,
} from "../onnx/index.ts";
import { columnInput, columnOutput } from "./column_spec.ts";
import { ColumnValues } from "./column_values.ts";
import { type Connection, castColumn, isFloat } from "./connect.ts";
import { missingText, type Problem } from "./emission.ts";
import {
  type PipelineParts,
  type PlannedPipeline,
  type PlannedStep,
  planPipeline,
  sourceOf,
  type Version,
} from "./plan_pipeline.ts";
import type { Column } from "./step.ts";
import { type FunctionBody, stepDomain, stepFunction } from "./step_function.ts";
import { type StepOutput, stepOutputsKey } from "./step_outputs.ts";
import { type HostStage, type PipelineWork, type RefusedProblem, refusedOutput } from "./work.ts";

export interface CompiledPipeline {
  readonly model: Model;
  /** Of the package: what records hold. */
  readonly schema: Schema;
  /** Of the graph. */
  readonly inner: Schema;
  readonly work: PipelineWork;
  readonly planned: PlannedPipeline;
  /** What versions are called as inputs and outputs of the graph, and between steps on the host. */
  readonly keys: ReadonlyMap<Version, string>;
}

/** Fewer columns than this are not worth a matrix. */
const fewestPacked = 3;

/** @throws IngotError PIPELINE_INVALID at the line of the step, ONNX_UNSUPPORTED where the model's opset cannot be joined */
export function compilePipeline(parts: PipelineParts, model: Model): CompiledPipeline {
  return new PipelineCompiler(parts, raiseOpset(model, dialect.opsets[""]!)).compile();
}

class PipelineCompiler {
  readonly #parts: PipelineParts;
  readonly #model: Model;
  readonly #planned: PlannedPipeline;
  readonly #g: GraphBuilder;
  readonly #values: ColumnValues;
  readonly #problems: RefusedProblem[] = [];
  /** Which records are refused, and the place of the first problem that each mask is about. */
  readonly #masks: { readonly value: Value; readonly first: number }[] = [];
  readonly #seen = new Map<string, number>();
  readonly #keys = new Map<Version, string>();
  /** What comes out of the graph for the host: a version that also goes in has another name there. */
  readonly #outputKeys = new Map<Version, string>();
  readonly #takenKeys = new Set<string>([refusedOutput]);
  readonly #inputs = new Map<Version, InputSpec>();
  /** What may be an input of the package. */
  readonly #inputNames: ReadonlySet<string>;
  /** What each step's node writes, by the node's name. */
  readonly #written = new Map<string, StepOutput[]>();

  constructor(parts: PipelineParts, model: Model) {
    this.#parts = parts;
    this.#model = model;
    this.#planned = planPipeline(parts);
    this.#inputNames = new Set([...parts.inputs, ...parts.schema.inputs].map(({ name }) => name));
    this.#g = new GraphBuilder(model.graph.name || "pipeline");
    this.#values = new ColumnValues(this.#g);
  }

  compile(): CompiledPipeline {
    const { before, after, connections, modelOutputs, answers } = this.#planned;
    const steps = [...before, ...after];
    const read = new Set<Version>();
    for (const { reads } of steps)
      for (const version of reads) if (sourceOf(version).origin === "input") read.add(sourceOf(version));
    // What only the model reads stays as the model declares it.
    const isStraight = ({ version }: Connection) => version.origin === "input" && !version.alias && !read.has(version);
    for (const { spec, version } of connections.filter(isStraight)) this.#declare(version, spec);
    for (const step of steps) if (step.plan.host) for (const version of step.reads) this.#key(sourceOf(version));
    this.#emitSteps(before);
    const outputs = this.#embedModel(connections, isStraight);
    modelOutputs.forEach((version) => {
      this.#values.set(version, outputs.get(version.column.name)!);
    });
    this.#emitSteps(after);

    const hostReads = after.flatMap(({ plan, reads }) => (plan.host ? reads : []));
    const made = distinct([...answers, ...hostReads]).filter(({ origin }) => origin !== "host after");
    const names = new Set([...this.#inputs.values()].map(({ name }) => name));
    const inner = made.map((version): OutputSpec => {
      const isOwn = answers.includes(version) && !names.has(version.column.name);
      const name = isOwn ? version.column.name : free(`${version.column.name}_out`, names);
      names.add(name);
      this.#outputKeys.set(version, name);
      if (!this.#keys.has(version)) this.#keys.set(version, name);
      this.#g.output(this.#plain(version), name);
      return columnOutput(name, version.column);
    });
    if (this.#masks.length > 0) this.#g.output(this.#emitRefused(), refusedOutput);
    return this.#described(this.#built(), inner);
  }

  #emitSteps(steps: readonly PlannedStep[]): void {
    for (const step of steps) {
      const { plan, writes } = step;
      if (plan.host && step.declared.place === "before") for (const version of writes) this.#key(version);
      if (!plan.emit) continue;
      const isPacked = isPackable(step);
      const reads = isPacked ? [matrixOf(step.reads, "columns")] : step.reads.map(({ column }) => column);
      // Side by side: what many columns become, or one column of all of them (`stack`).
      const isMatrix = plan.together || (isPacked && writes.length > 1);
      const made = isMatrix ? [matrixOf(writes, "columns_out")] : writes.map(({ column }) => column);
      const body: FunctionBody = {
        reads,
        writes: made,
        emit: isPacked ? ([x], emission) => [plan.packed!(x!, emission)] : plan.emit,
      };
      for (const version of step.reads) this.#demand(version);
      const inputs = isPacked ? [this.#values.pack(step.reads)] : distinctNames(step.reads).map((v) => this.#plain(v));
      const { local, refusals } = stepFunction(body, step.id);
      this.#g.define(local);
      const results = [
        ...made.map(({ dtype, shape }) => ({ dtype, shape: ["N", ...shape] })),
        ...refusals.map((problem) => ({
          dtype: "bool" as const,
          shape: Array.isArray(problem) ? ["N", problem.length] : ["N"],
        })),
      ];
      const values = this.#g.ops(local.name, inputs, {}, results.length, {
        domain: stepDomain,
        name: this.#nodeName(step.declared.name),
        results,
      });
      const columns = writes.map(({ column }) => column.name);
      this.#written.set(
        values[0]!.name,
        made.map(({ dtype, shape }, i) => ({ columns: isMatrix ? columns : [columns[i]!], dtype, shape, isMatrix })),
      );
      if (isMatrix) this.#values.setPacked(writes, values[0]!);
      else
        writes.forEach((version, i) => {
          this.#values.set(version, values[i]!);
        });
      refusals.forEach((problem, i) => {
        this.#refuse(values[made.length + i]!, problem as Problem | readonly Problem[], step.declared.name);
      });
    }
  }

  /** The step's name; with its ordinal where it stands several times. */
  #nodeName(step: string): string {
    const count = (this.#seen.get(step) ?? 0) + 1;
    this.#seen.set(step, count);
    return count === 1 ? step : `${step}.${count}`;
  }

  #embedModel(connections: readonly Connection[], isStraight: (connection: Connection) => boolean): Map<string, Value> {
    const feeds = new Map<string, Value>();
    const fed = connections.filter((connection) => !isStraight(connection));
    for (const { spec, version } of connections.filter(isStraight)) {
      const info = this.#model.graph.inputs.find(({ name }) => name === spec.name);
      const shape = info?.type?.kind === "tensor" ? info.type.shape : null;
      feeds.set(spec.name, this.#g.input(this.#keys.get(version)!, spec.dtype, shape ?? []));
    }
    for (const { version } of fed) this.#demand(version);
    // Columns of numbers that the model reads one by one come off their matrices together.
    const scalars = fed.filter(({ spec, version }) => spec.layout === "column" && version.column.dtype !== "string");
    for (const dtype of new Set(scalars.map(({ spec }) => spec.dtype))) {
      const group = scalars.filter(({ spec }) => spec.dtype === dtype);
      const columns = this.#values.columns(
        group.map(({ version }) => version),
        dtype,
      );
      group.forEach(({ spec }, i) => {
        feeds.set(spec.name, columns[i]!);
      });
    }
    for (const connection of fed) {
      const { spec, version } = connection;
      if (feeds.has(spec.name)) continue;
      const isColumn = spec.layout === "column";
      const value = isColumn ? this.#values.columns([version], version.column.dtype)[0]! : this.#plain(version);
      feeds.set(spec.name, castColumn(this.#g, value, connection));
    }
    this.#refuseMissing(fed);
    return this.#g.embed(this.#model, feeds);
  }

  /** Records with a missing value where the model takes none: one function over all such inputs. */
  #refuseMissing(fed: readonly Connection[]): void {
    const missing = fed.filter(({ refusal }) => refusal !== null);
    if (missing.length === 0) return;
    const isScalar = ({ version: { column } }: Connection) => column.shape.length === 0 && isFloat(column.dtype);
    const groups = Map.groupBy(missing, (each) => (isScalar(each) ? each.version.column.dtype : each.spec.name));
    for (const group of groups.values()) {
      const [first] = group;
      const versions = group.map(({ version }) => version);
      const isMatrix = isScalar(first!);
      const column = isMatrix ? matrixOf(versions, "columns") : { ...first!.version.column, name: "column" };
      const body: FunctionBody = {
        reads: [column],
        writes: [],
        emit: ([value], { g, reject }) => {
          const each =
            value!.dtype === "string"
              ? g.op("Equal", [value!, g.constant(strings([missingText], []))])
              : g.op("IsNaN", [value!]);
          const axes = isMatrix ? [] : column.shape.map((_, axis) => axis + 1);
          const refusals = group.map(({ refusal }) => refusal!);
          reject(axes.length === 0 ? each : anyOf(g, each, axes), isMatrix ? refusals : refusals[0]!);
          return [];
        },
      };
      const { local } = stepFunction(body, `model_takes_no_missing_${this.#masks.length + 1}`);
      this.#g.define(local);
      const input = isMatrix ? this.#values.pack(versions) : this.#plain(first!.version);
      const results = [{ dtype: "bool" as const, shape: isMatrix ? ["N", group.length] : ["N"] }];
      const mask = this.#g.op(local.name, [input], {}, { domain: stepDomain, name: "model_takes_no_missing", results });
      this.#refuse(mask, isMatrix ? group.map(({ refusal }) => refusal!) : first!.refusal!, "model");
    }
  }

  #refuse(value: Value, problem: Problem | readonly Problem[], step: string): void {
    this.#masks.push({ value, first: this.#problems.length + 1 });
    for (const { column, what, fix } of [problem].flat() as Problem[])
      this.#problems.push({ step, column, what, ...(fix === undefined ? {} : { fix }) });
  }

  /** int32 `[N]`: 1 + place of the problem that a record is refused for, the first of several; 0 where there is none. One function. */
  #emitRefused(): Value {
    const columns = this.#masks.map(({ value }, at): Column => {
      return { name: `refused_${at + 1}`, dtype: "bool", shape: value.shape!.slice(1), missing: false };
    });
    const body: FunctionBody = {
      reads: columns,
      writes: [{ name: "refused", dtype: "int32", shape: [], missing: false }],
      emit: (masks, { g }) => {
        const one = (value: number) => g.constant(int32([value], []));
        // From the last to the first, so that the first is the one that is told.
        return [
          masks.reduceRight<Value>((others, mask, at) => {
            const { first } = this.#masks[at]!;
            if (columns[at]!.shape.length === 0) return g.op("Where", [mask, one(first), others]);
            const bits = g.op("Cast", [mask], { to: 6 });
            const place = g.op("Cast", [g.op("ArgMax", [bits], { axis: 1, keepdims: 0 })], { to: 6 });
            return g.op("Where", [anyOf(g, mask, [1]), g.op("Add", [place, one(first)]), others]);
          }, one(0)),
        ];
      },
    };
    const { local } = stepFunction(body, "refused");
    this.#g.define(local);
    const inputs = this.#masks.map(({ value }) => value);
    const results = [{ dtype: "int32" as const, shape: ["N"] }];
    return this.#g.op(local.name, inputs, {}, { domain: stepDomain, name: "refused", results });
  }

  /** Makes sure that the graph has the version: inputs are declared when they are first read. */
  #demand(version: Version): void {
    const source = sourceOf(version);
    if (this.#values.has(source)) return;
    if (source.origin !== "input" && source.origin !== "host before") return;
    const { column } = source;
    const key = this.#key(source);
    const spec = columnInput(key, column, source.origin === "input");
    this.#declare(source, spec);
    const value = this.#g.input(key, column.dtype, ["N", ...(spec.layout === "column" ? [1] : column.shape)]);
    if (spec.layout === "column") this.#values.setColumn(source, value);
    else this.#values.set(source, value);
  }

  #plain(version: Version): Value {
    this.#demand(version);
    return this.#values.plain(version);
  }

  #declare(version: Version, spec: InputSpec): void {
    this.#keys.set(version, spec.name);
    this.#takenKeys.add(spec.name);
    this.#inputs.set(version, spec);
  }

  /** An input keeps its name; what a step on the host writes makes room. */
  #key(version: Version): string {
    const known = this.#keys.get(version);
    if (known !== undefined) return known;
    const { name } = version.column;
    const isNew = version.origin === "input" || (!this.#takenKeys.has(name) && !this.#inputNames.has(name));
    const key = isNew ? name : free(`${name}_${version.maker?.name ?? "host"}`, this.#takenKeys);
    this.#takenKeys.add(key);
    this.#keys.set(version, key);
    return key;
  }

  #built(): Model {
    const built = this.#g.build({ docString: this.#model.docString, metadata: this.#model.metadata });
    const nodes = built.graph.nodes.map((node): Node => {
      const written = node.domain === stepDomain ? this.#written.get(node.name) : undefined;
      return written ? { ...node, metadata: [[stepOutputsKey, JSON.stringify(written)]] } : node;
    });
    return { ...built, graph: { ...built.graph, nodes, docString: this.#model.graph.docString } };
  }

  #described(model: Model, innerOutputs: readonly OutputSpec[]): CompiledPipeline {
    const { before, after, answers } = this.#planned;
    // A step that nothing uses took its inputs with it.
    const used = new Set(model.graph.inputs.map(({ name }) => name));
    const inputs = [...this.#inputs].map(([version, spec]) => ({ version, spec }));
    const inner: Schema = { inputs: inputs.map(({ spec }) => spec), outputs: innerOutputs };
    const hostBefore = before.filter(({ plan }) => plan.host).map((step) => this.#stage(step));
    const hostAfter = after.filter(({ plan }) => plan.host).map((step) => this.#stage(step));
    const fromHost = new Set(before.flatMap(({ plan, reads }) => (plan.host ? reads.map(sourceOf) : [])));
    const onlyHost = [...fromHost].filter((version) => version.origin === "input" && !this.#inputs.has(version));
    const order = new Map(this.#parts.inputs.map(({ name }, at) => [name, at]));
    const outerInputs = [
      ...inputs.filter(({ version }) => version.origin === "input").map(({ spec }) => spec),
      ...onlyHost.map((version) => columnInput(this.#keys.get(version)!, version.column, true)),
    ].sort((a, b) => (order.get(a.name) ?? order.size) - (order.get(b.name) ?? order.size));
    const outer: Schema = {
      inputs: outerInputs,
      outputs: answers.map((version) => columnOutput(version.column.name, version.column)),
    };
    const [stray] = inner.inputs.filter(({ name }) => !used.has(name));
    if (stray)
      throw new IngotError("INTERNAL", {
        what: `the compiled graph lost its input ${stray.name}`,
        where: model.graph.name,
      });
    const hasHost = hostBefore.length + hostAfter.length > 0;
    const isSingle = this.#parts.schema.inputs.some(({ layout }) => layout === "whole");
    const names = (steps: readonly PlannedStep[]) => steps.map(({ declared }) => declared.name);
    const work: PipelineWork = {
      steps: { before: names(before), after: names(after) },
      ...(hasHost || inner.outputs.some(({ name }, i) => outer.outputs[i]?.name !== name) ? { inner } : {}),
      ...(hostBefore.length > 0 ? { before: hostBefore } : {}),
      ...(hostAfter.length > 0 ? { after: hostAfter } : {}),
      ...(this.#problems.length > 0 ? { problems: this.#problems } : {}),
      ...(isSingle ? { oneAtATime: true } : {}),
    };
    return { model, schema: outer, inner, work, planned: this.#planned, keys: this.#keys };
  }

  #stage({ declared, plan, reads, writes }: PlannedStep): HostStage {
    const isAfter = declared.place === "after";
    return {
      step: declared.name,
      ...plan.host!,
      reads: reads.map((version) => {
        const key = isAfter ? this.#outputKeys.get(version) : undefined;
        return key ?? this.#keys.get(version) ?? this.#key(sourceOf(version));
      }),
      writes: writes.map((version) => (isAfter ? version.column.name : this.#key(version))),
    };
  }
}

function isPackable({ plan, reads, writes }: PlannedStep): boolean {
  if (!plan.packed || reads.length < fewestPacked) return false;
  const isAlike = (list: readonly Version[]) =>
    list.every(({ column }) => column.shape.length === 0 && column.dtype === list[0]!.column.dtype);
  const [only] = writes;
  return isAlike(reads) && (writes.length === 1 ? only!.column.shape.length === 1 : isAlike(writes));
}

function matrixOf(versions: readonly Version[], name: string) {
  const { dtype } = versions[0]!.column;
  return { name, dtype, shape: [versions.length], missing: versions.some(({ column }) => column.missing) };
}

/** Functions take a column once, however often the step names it. */
function distinctNames(versions: readonly Version[]): Version[] {
  return [...new Map(versions.map((version) => [version.column.name, version])).values()];
}

function distinct(versions: readonly Version[]): Version[] {
  return [...new Set(versions)];
}

function free(stem: string, taken: ReadonlySet<string>): string {
  let name = stem;
  for (let i = 2; taken.has(name); i++) name = `${stem}_${i}`;
  return name;
}

function anyOf(g: GraphBuilder, mask: Value, axes: readonly number[]): Value {
  return g.op("ReduceMax", [mask, g.constant(int64(axes))], { keepdims: 0 });
}
