// Records through a graph: checked, worked on by the host where steps ask for it, batched by shape, refused one by one.
import { IngotError, type InputSpec, type Schema } from "../core/index.ts";
import { dataType, elementCount, type Tensor, type TensorData } from "../onnx/index.ts";
import { type PipelineWork, refusedOutput } from "../pipeline/index.ts";
import { decodeRecords } from "./decode.ts";
import { checkRecordNames, encodeInputs, encodeQuickly, encodeRecords, recordShape } from "./encode.ts";
import { type Host, type HostValues, isTensor, runBefore, runStages } from "./host_stages.ts";
import { shown } from "./json.ts";
import type { InputRecord, OutputRecord, Predictor, RuntimeName, Session } from "./predictor.ts";
import { recordsOfTensors, tensorsOfRecords } from "./tensor_records.ts";

type Answer = OutputRecord | IngotError;

export class SessionPredictor implements Predictor {
  readonly runtime: RuntimeName;
  readonly schema: Schema;
  readonly #session: Session;
  readonly #work: Partial<PipelineWork>;
  readonly #host: Host;
  /** Of the graph. */
  readonly #inner: Schema;
  /** Inputs of the graph that records hold, and those that steps on the host write. */
  readonly #given: Schema;
  readonly #written: readonly InputSpec[];
  readonly #oneAtATime: boolean;
  readonly #varies: boolean;
  /** Records are the graph's inputs, in one batch. */
  readonly #isPlain: boolean;
  readonly #packed: Session["packed"];
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(runtime: RuntimeName, schema: Schema, session: Session, work: PipelineWork | undefined, host: Host) {
    this.runtime = runtime;
    this.schema = schema;
    this.#session = session;
    this.#work = work ?? {};
    this.#host = host;
    this.#inner = work?.inner ?? schema;
    const made = new Set((work?.before ?? []).flatMap(({ writes }) => writes));
    this.#given = { inputs: this.#inner.inputs.filter(({ name }) => !made.has(name)), outputs: [] };
    this.#written = this.#inner.inputs.filter(({ name }) => made.has(name));
    this.#oneAtATime =
      work?.oneAtATime === true || [...schema.inputs, ...schema.outputs].some((spec) => spec.layout === "whole");
    this.#varies = this.#inner.inputs.some(({ shape }) => shape.some((size) => typeof size !== "number"));
    this.#isPlain = !this.#oneAtATime && !this.#varies && !this.needsRecords;
    this.#packed = this.#isPlain ? session.packed : undefined;
  }

  get needsRecords(): boolean {
    return this.#work.inner !== undefined;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.needsRecords) return this.#runRecords(feeds);
    const { [refusedOutput]: refused, ...outputs } = await this.#compute(feeds);
    const row = refused ? (refused.data as Int32Array).findIndex((which) => which > 0) : -1;
    if (row >= 0) throw this.#refusal(refused!.data[row] as number, undefined, refused!.data.length > 1 ? row : null);
    return outputs;
  }

  async predict(records: readonly InputRecord[]): Promise<OutputRecord[]> {
    if (records.length === 0) return [];
    if (this.#isPlain && !this.#work.problems) {
      const feeds = this.#encodeQuickly(records) ?? encodeRecords(this.schema, records);
      return decodeRecords(this.schema, await this.#compute(feeds), records.length);
    }
    const answers = await this.predictEach(records);
    const failed = answers.find((answer) => answer instanceof IngotError);
    if (failed) throw failed;
    return answers as OutputRecord[];
  }

  async predictEach(records: readonly InputRecord[]): Promise<Answer[]> {
    const feeds = this.#isPlain && records.length > 0 ? this.#encodeQuickly(records) : null;
    const together = feeds && (await this.#answerTogether(records, feeds));
    if (together) return together;
    const answers = new Array<Answer | undefined>(records.length).fill(undefined);
    const row = (at: number) => (records.length > 1 ? at : null);
    const fail = (at: number, error: unknown) => {
      answers[at] = atRow(error, row(at));
    };
    const rows: number[] = [];
    for (let at = 0; at < records.length; at++) {
      const problem = attempt(() => checkRecordNames(this.schema, [records[at]!]));
      if (problem) fail(at, problem);
      else rows.push(at);
    }
    const host = new Map<number, Map<string, unknown>>();
    if (this.#host.before.length > 0) {
      const values = await runBefore(
        this.#host,
        this.schema,
        rows.map((at) => records[at]!),
      );
      values.forEach((value, i) => {
        if (value instanceof IngotError) fail(rows[i]!, value);
        else host.set(rows[i]!, value);
      });
    }
    const groups = this.#groups(
      rows.filter((at) => answers[at] === undefined),
      records,
      host,
      fail,
    );
    for (const group of groups) await this.#answer(group, records, host, answers, fail);
    return answers as Answer[];
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#running).then(async () => {
      await this.#host.close();
      await this.#session.release();
    });
    return this.#closed;
  }

  #encodeQuickly(records: readonly InputRecord[]): Record<string, Tensor> | null {
    return encodeQuickly(this.schema, records, { packed: this.#packed });
  }

  /** Usual records are one batch; null where it cannot be answered as a whole, which is then asked record by record. */
  async #answerTogether(records: readonly InputRecord[], feeds: Record<string, Tensor>): Promise<Answer[] | null> {
    let outputs: Record<string, Tensor>;
    try {
      outputs = await this.#compute(feeds);
    } catch (error) {
      if (!(error instanceof IngotError) || error.code === "SHUTTING_DOWN") throw error;
      return null;
    }
    const { [refusedOutput]: refused, ...tensors } = outputs;
    const answers: Answer[] = decodeRecords(this.schema, tensors, records.length);
    const which = refused?.data as Int32Array | undefined;
    which?.forEach((problem, at) => {
      if (problem > 0) answers[at] = this.#refusal(problem, records[at], records.length > 1 ? at : null);
    });
    return answers;
  }

  async #compute(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#closed) throw new IngotError("SHUTTING_DOWN", { what: "this predictor is closed" });
    const nothing = emptyAnswer(this.#inner, feeds);
    if (nothing) return nothing;
    const running = this.#session.run(feeds);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Rows that fit into one batch together: all sizes equal. */
  #groups(
    rows: readonly number[],
    records: readonly InputRecord[],
    host: ReadonlyMap<number, Map<string, unknown>>,
    fail: (at: number, error: unknown) => void,
  ): number[][] {
    if (this.#oneAtATime) return rows.map((at) => [at]);
    if (!this.#varies) return rows.length === 0 ? [] : [[...rows]];
    const groups = new Map<string, number[]>();
    for (const at of rows) {
      try {
        const sizes = this.#written.map(({ name }) => tensorAt(host.get(at), name).dims.join("x"));
        const key = `${sizes.join(" ")} ${recordShape(this.#given, records[at]!)}`;
        const group = groups.get(key);
        if (group) group.push(at);
        else groups.set(key, [at]);
      } catch (error) {
        fail(at, error);
      }
    }
    return [...groups.values()];
  }

  /** Answers a batch; where it cannot be answered as a whole its halves are tried, so that the guilty record fails alone. */
  async #answer(
    rows: readonly number[],
    records: readonly InputRecord[],
    host: ReadonlyMap<number, Map<string, unknown>>,
    answers: (Answer | undefined)[],
    fail: (at: number, error: unknown) => void,
  ): Promise<void> {
    const own = rows.map((at) => records[at]!);
    let outputs: Record<string, Tensor>;
    try {
      const written = this.#written.map((spec): [string, Tensor] => [
        spec.name,
        stacked(rows.map((at) => tensorAt(host.get(at), spec.name))),
      ]);
      outputs = await this.#compute({ ...encodeInputs(this.#given, own), ...Object.fromEntries(written) });
    } catch (error) {
      if (!(error instanceof IngotError) || error.code === "SHUTTING_DOWN") throw error;
      if (rows.length === 1) {
        fail(rows[0]!, error);
        return;
      }
      const middle = rows.length >> 1;
      await this.#answer(rows.slice(0, middle), records, host, answers, fail);
      await this.#answer(rows.slice(middle), records, host, answers, fail);
      return;
    }
    const { [refusedOutput]: refused, ...tensors } = outputs;
    const decoded = decodeRecords(this.#innerAnswers, tensors, rows.length);
    const after = await this.#after(rows, refused, tensors);
    rows.forEach((at, i) => {
      const which = refused ? (refused.data[i] as number) : 0;
      const late = after?.[i];
      if (which > 0) fail(at, this.#refusal(which, records[at], null));
      else if (late instanceof IngotError) fail(at, late);
      else answers[at] = late ? this.#merged(decoded[i]!, late) : decoded[i]!;
    });
  }

  /** Outputs of the graph that are outputs of the package. */
  get #innerAnswers(): Schema {
    if (this.#inner === this.schema) return this.schema;
    const late = new Set((this.#work.after ?? []).flatMap(({ writes }) => writes));
    const names = new Set(this.schema.outputs.map(({ name }) => name).filter((name) => !late.has(name)));
    this.#decoded ??= { inputs: [], outputs: this.#inner.outputs.filter(({ name }) => names.has(name)) };
    return this.#decoded;
  }
  #decoded: Schema | undefined;

  async #after(rows: readonly number[], refused: Tensor | undefined, tensors: Readonly<Record<string, Tensor>>) {
    if (this.#host.after.length === 0) return null;
    const values = rows.map((_, i): HostValues => {
      if (refused && (refused.data[i] as number) > 0) return new IngotError("RECORD_REFUSED", { what: "is refused" });
      return new Map(Object.entries(tensors).map(([name, tensor]) => [name, rowOf(tensor, i)]));
    });
    await runStages(this.#host.after, values);
    return values;
  }

  #merged(decoded: OutputRecord, late: Map<string, unknown>): OutputRecord {
    const record: OutputRecord = {};
    for (const { name } of this.schema.outputs)
      record[name] = Object.hasOwn(decoded, name) ? decoded[name]! : (late.get(name) as OutputRecord[string]);
    return record;
  }

  #refusal(which: number, record: InputRecord | undefined, row: number | null): IngotError {
    const { step, column, what, fix } = this.#work.problems?.[which - 1] ?? {
      step: "",
      column: "",
      what: "is refused",
    };
    const spec = this.schema.inputs.find(({ name }) => name === column);
    const value =
      record && spec?.shape.length === 0 && Object.hasOwn(record, column) ? `${shown(record[column])} ` : "";
    return atRow(
      new IngotError("RECORD_REFUSED", {
        what: `${value}${what} (${step})`,
        where: spec ? `inputs.${column}` : `column ${column}`,
        fix,
      }),
      row,
    );
  }

  async #runRecords(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const records = recordsOfTensors(this.schema, feeds);
    return tensorsOfRecords(this.schema, await this.predict(records));
  }
}

function attempt(check: () => void): IngotError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof IngotError) return error;
    throw error;
  }
}

/** The same error, for one of several records. */
function atRow(error: unknown, row: number | null): IngotError {
  if (!(error instanceof IngotError)) throw error;
  if (row === null) return error;
  const { code, what, where, fix } = error;
  return new IngotError(code, { what: `${what} (row ${row})`, where, fix, cause: error });
}

function tensorAt(values: Map<string, unknown> | undefined, name: string): Tensor {
  const value = values?.get(name);
  if (isTensor(value)) return value;
  throw new IngotError("RUNTIME_FAILED", { what: `no step on the host made ${name}` });
}

/** Tensors of records as one batch: equal shapes. */
function stacked(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  const { dtype, dims } = first!;
  const size = elementCount(dims);
  if (dtype === "string")
    return { dtype, dims: [tensors.length, ...dims], data: tensors.flatMap(({ data }) => data as string[]) };
  const data = new (dataType(dtype).array!)(size * tensors.length);
  tensors.forEach((tensor, i) => {
    (data as Uint8Array).set(tensor.data as Uint8Array, i * size);
  });
  return { dtype, dims: [tensors.length, ...dims], data };
}

function rowOf({ dtype, dims, data }: Tensor, row: number): Tensor {
  const size = elementCount(dims.slice(1));
  return { dtype, dims: dims.slice(1), data: data.slice(row * size, (row + 1) * size) as TensorData };
}

/**
 * The answer to a batch of no records, which no graph is asked for: operators of ONNX Runtime give such batches other shapes (reductions,
 * Tokenizer) or end the process (TopK; 1.30, measured).
 */
function emptyAnswer(
  { inputs, outputs }: Schema,
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> | null {
  const batched = inputs.filter(({ layout }) => layout !== "whole");
  if (batched.length === 0 || outputs.some(({ layout }) => layout === "whole")) return null;
  if (!batched.every(({ name }) => feeds[name]?.dims[0] === 0)) return null;
  return Object.fromEntries(
    outputs.map(({ name, dtype, shape }) => {
      const dims = [0, ...shape.map((size) => (typeof size === "number" ? size : 0))];
      return [name, { dtype, dims, data: dtype === "string" ? [] : new (dataType(dtype).array!)(0) } satisfies Tensor];
    }),
  );
}
