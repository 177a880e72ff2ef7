// One declared step, alone: planned on given columns, run as the ONNX function that it becomes on native, wasm and micro, and compared with
// its own `evaluate` and with what the outside reference stored.
import fc from "fast-check";
import { expect } from "vitest";
import type { DType } from "../../src/core/index.ts";
import {
  type Dimension,
  dataType,
  elementCount,
  emptyModel,
  type Model,
  type Tensor,
  type TensorData,
  type ValueInfo,
  writeModel,
} from "../../src/onnx/index.ts";
import {
  type Column,
  type FunctionBody,
  missingText,
  type Problem,
  type Step,
  StepFrame,
  type StepFunction,
  type StepPlan,
  stepDomain,
  stepFunction,
  steps,
} from "../../src/pipeline/index.ts";
import { openPredictor, type Predictor, type RuntimeName } from "../../src/runtime/index.ts";

export interface Within {
  readonly relative?: number;
  readonly absolute?: number;
}

export interface StepCase {
  /** A step, or its name in the table. */
  readonly step: Step | string;
  readonly options: unknown;
  readonly columns: readonly Column[];
  readonly place?: "before" | "after";
  /** Files of the project that the step reads. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

/** A column with what is usual. */
export function column(name: string, dtype: DType = "float64", more: Partial<Column> = {}): Column {
  return { name, dtype, shape: [], missing: dtype.startsWith("float"), ...more };
}

/** Options checked as in ingot.yaml, then the type rule. */
export function planStep({ step, options, columns, place = "before", files }: StepCase): StepPlan {
  const found = typeof step === "string" ? steps.find(({ name }) => name === step) : step;
  if (!found) throw new Error(`no step ${String(step)}`);
  const where = (option: readonly (string | number)[]) => ["ingot.yaml", ...option].join(":");
  const frame = new StepFrame(
    new Map(columns.map((each) => [each.name, each])),
    { name: found.name, place, where },
    { files },
  );
  return found.plan(found.options.parse(options), frame);
}

export interface StepResult {
  /** In the order of `writes`. */
  readonly columns: readonly Tensor[];
  /** `3 age: below 0`, sorted. */
  readonly refused: readonly string[];
}

export interface OpenStep extends AsyncDisposable {
  readonly plan: StepPlan;
  /** @param tensors one for each of the case's columns, `[N, ...shape]` */
  evaluate(tensors: readonly Tensor[]): StepResult;
  run(runtime: RuntimeName, tensors: readonly Tensor[]): Promise<StepResult>;
  /** All runtimes against `evaluate`, which is returned. */
  agree(tensors: readonly Tensor[], within?: Within): Promise<StepResult>;
}

interface Running {
  run(runtime: RuntimeName, tensors: readonly Tensor[]): Promise<StepResult>;
  close(): Promise<void>;
}

/** The step as a graph on the runtimes; where it has a packed form, `agree` asks both. */
export async function openStep(given: StepCase, runtimes: readonly RuntimeName[] = ["native", "wasm", "micro"]) {
  const plan = planStep(given);
  const reads = plan.reads.map((name) => given.columns.find((each) => each.name === name)!);
  const pick = (tensors: readonly Tensor[]) =>
    plan.reads.map((name) => tensors[given.columns.findIndex((each) => each.name === name)]!);
  const columnwise = await openApart(plan, { reads, emit: plan.emit! }, plan.together === true, runtimes);
  const canPack =
    plan.packed &&
    isAlike(reads) &&
    (plan.writes.length === 1 ? plan.writes[0]!.shape.length === 1 : isAlike(plan.writes));
  const packed = canPack ? await openPacked(plan, reads, runtimes) : null;

  const opened: OpenStep = {
    plan,
    evaluate(tensors) {
      const refused: string[] = [];
      const reject = (row: number, { column: name, what }: Problem) => refused.push(`${row} ${name}: ${what}`);
      const rows = tensors[0]?.dims[0] ?? 0;
      const columns = plan.evaluate!(pick(tensors), rows, { reject });
      return { columns, refused: refused.sort() };
    },
    run: (runtime, tensors) => columnwise.run(runtime, pick(tensors)),
    async agree(tensors, within = {}) {
      const expected = opened.evaluate(tensors);
      for (const [form, running] of [["", columnwise] as const, [" packed", packed] as const])
        for (const runtime of running ? runtimes : []) {
          const actual = await running!.run(runtime, pick(tensors));
          expect(actual.refused, `${runtime}${form}: refused records`).toEqual(expected.refused);
          plan.writes.forEach((written, i) => {
            expectTensor(actual.columns[i]!, expected.columns[i]!, within, `${runtime}${form}: ${written.name}`);
          });
        }
      return expected;
    },
    async [Symbol.asyncDispose]() {
      await columnwise.close();
      await packed?.close();
    },
  };
  return opened;
}

function isAlike(columns: readonly Column[]): boolean {
  return columns.every(({ dtype, shape }) => dtype === columns[0]?.dtype && shape.length === 0);
}

/** The matrix form, fed with the same columns side by side. */
async function openPacked(
  plan: StepPlan,
  reads: readonly Column[],
  runtimes: readonly RuntimeName[],
): Promise<Running> {
  const { dtype } = reads[0]!;
  const emit: FunctionBody["emit"] = ([x], emission) => [plan.packed!(x!, emission)];
  const matrix = column("columns", dtype, { shape: [reads.length] });
  const running = await openApart(plan, { reads: [matrix], emit }, plan.writes.length > 1, runtimes);
  return {
    close: running.close,
    async run(runtime, tensors) {
      const rows = tensors[0]!.dims[0]!;
      const cells = Array.from({ length: rows * tensors.length }, (_, i) => {
        return tensors[i % tensors.length]!.data[Math.floor(i / tensors.length)];
      });
      return running.run(runtime, [{ dtype, dims: [rows, tensors.length], data: dataOf(dtype, cells) }]);
    },
  };
}

/** Columns that come out as one matrix, one by one. */
async function openApart(
  { writes }: StepPlan,
  body: Omit<FunctionBody, "writes">,
  isMatrix: boolean,
  runtimes: readonly RuntimeName[],
): Promise<Running> {
  if (!isMatrix) return openBody({ ...body, writes }, runtimes);
  const { dtype } = writes[0]!;
  const running = await openBody({ ...body, writes: [column("out", dtype, { shape: [writes.length] })] }, runtimes);
  return {
    close: running.close,
    async run(runtime, tensors) {
      const { columns, refused } = await running.run(runtime, tensors);
      const { dims, data } = columns[0]!;
      const rows = dims[0]!;
      const apart = writes.map((_, at): Tensor => {
        const own = Array.from({ length: rows }, (_row, row) => data[row * writes.length + at]);
        return { dtype, dims: [rows], data: dataOf(dtype, own) };
      });
      return { columns: apart, refused };
    },
  };
}

async function openBody(body: FunctionBody, runtimes: readonly RuntimeName[]): Promise<Running> {
  const { local, refusals } = stepFunction(body, "p1_step");
  const bytes = writeModel(modelOf(local, body, refusals));
  const predictors = new Map<RuntimeName, Predictor>();
  for (const runtime of runtimes)
    predictors.set(runtime, await openPredictor({ bytes }, { inputs: [], outputs: [] }, { runtime }));
  return {
    async run(runtime, tensors) {
      const feeds = Object.fromEntries(tensors.map((tensor, i) => [body.reads[i]!.name, tensor]));
      const results = await predictors.get(runtime)!.run(feeds);
      const masks = local.outputs.slice(body.writes.length).map((name) => results[name]!);
      const refused = refusals.flatMap((problem, i) => {
        const list = [problem].flat() as Problem[];
        return Array.from(masks[i]!.data as ArrayLike<number>).flatMap((is, at) => {
          const { column: name, what } = list[at % list.length]!;
          return is ? [`${Math.floor(at / list.length)} ${name}: ${what}`] : [];
        });
      });
      return { columns: body.writes.map((_, i) => results[local.outputs[i]!]!), refused: refused.sort() };
    },
    async close() {
      for (const predictor of predictors.values()) await predictor.close();
    },
  };
}

/** Generated batches, empty ones too, through every runtime. */
export async function agreeOnGenerated(given: StepCase, within: Within = {}, numRuns = 25): Promise<void> {
  await using opened = await openStep(given);
  await fc.assert(
    fc.asyncProperty(batches(given.columns), async (tensors) => {
      await opened.agree(tensors, within);
    }),
    { numRuns },
  );
}

/** Equal dtype, dims and elements: NaN equals NaN, 0 equals -0, other numbers within `within`. */
export function expectTensor(actual: Tensor, expected: Tensor, within: Within, where: string): void {
  expect(actual.dtype, where).toBe(expected.dtype);
  expect([...actual.dims], `${where}: shape`).toEqual([...expected.dims]);
  const { relative = 0, absolute = 0 } = within;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [actual.data[i]!, expected.data[i]!];
    if (a === b || Object.is(a, b)) continue;
    const isNear = typeof a === "number" && Math.abs(a - (b as number)) <= absolute + relative * Math.abs(b as number);
    if (!isNear) expect.fail(`${where}[${i}]: ${JSON.stringify(String(a))} instead of ${JSON.stringify(String(b))}`);
  }
}

const hardNumbers = [0, -0, 1, -1, 0.1, 0.5, 2.5, 1e-310, 5e-324, 1e300, 2 ** 53, -(2 ** 31), Infinity, -Infinity];
const hardTexts = [
  "",
  " ",
  "a",
  "A",
  "ß",
  "İstanbul",
  "naïve",
  "e\u0301",
  "中文",
  "🙂",
  "👩‍👩‍👧",
  "  padded\t",
  "line\nbreak",
];

/** Values of one column: the hard ones of its type, and any others. */
export function values({ dtype, missing, categories }: Column): fc.Arbitrary<number | bigint | string> {
  if (dtype === "string")
    return fc.oneof(
      fc.constantFrom(...hardTexts, ...((categories ?? []) as string[]), ...(missing ? [missingText] : [])),
      fc.string({ unit: "grapheme", maxLength: 12 }),
    );
  if (dtype === "bool") return fc.constantFrom(0, 1);
  if (dtype === "int64")
    return fc.oneof(
      fc.constantFrom(0n, 1n, -1n, 2n ** 53n, ...(categories ?? []).map(BigInt)),
      fc.bigInt(-1000n, 1000n),
    );
  if (dtype === "int32") return fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1), fc.integer({ min: -1000, max: 1000 }));
  if (dtype === "uint8") return fc.integer({ min: 0, max: 255 });
  const numbers = [...hardNumbers, ...((categories ?? []) as number[]), ...(missing ? [Number.NaN, Number.NaN] : [])];
  const any = fc.oneof(
    fc.constantFrom(...numbers),
    fc.double({ min: -1e3, max: 1e3, noNaN: true }),
    fc.double({ noNaN: true }),
  );
  return dtype === "float32" ? any.map(Math.fround) : any;
}

/** One tensor per column, 0 to 6 records; sizes that vary are the same for equal names. */
export function batches(columns: readonly Column[]): fc.Arbitrary<Tensor[]> {
  return fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 4 })).chain(([rows, varying]) =>
    fc.tuple(
      ...columns.map((each) => {
        const dims = [rows, ...each.shape.map((size) => (typeof size === "number" ? size : varying))];
        const count = elementCount(dims);
        return fc
          .array(values(each), { minLength: count, maxLength: count })
          .map((items): Tensor => ({ dtype: each.dtype, dims, data: dataOf(each.dtype, items) }));
      }),
    ),
  );
}

function dataOf(dtype: DType, items: readonly unknown[]): TensorData {
  if (dtype === "string") return items as string[];
  const data = new (dataType(dtype).array!)(items.length);
  items.forEach((item, i) => {
    (data as unknown as unknown[])[i] = item;
  });
  return data;
}

function modelOf(
  local: StepFunction["local"],
  { reads, writes }: FunctionBody,
  refusals: StepFunction["refusals"],
): Model {
  const model = emptyModel();
  const info = (name: string, dtype: DType, shape: readonly Dimension[]): ValueInfo => ({
    name,
    type: { kind: "tensor", dtype, shape: ["N", ...shape] },
    docString: "",
  });
  model.irVersion = 10;
  model.opsetImports = [...local.opsetImports, { domain: stepDomain, version: 1 }];
  model.functions = [local];
  model.graph.name = "step";
  model.graph.inputs = [...new Map(reads.map((each) => [each.name, each])).values()].map((each) =>
    info(each.name, each.dtype, each.shape),
  );
  model.graph.outputs = [
    ...writes.map((each, i) => info(local.outputs[i]!, each.dtype, each.shape)),
    ...refusals.map((problem, i) =>
      info(local.outputs[writes.length + i]!, "bool", Array.isArray(problem) ? [problem.length] : []),
    ),
  ];
  model.graph.nodes = [
    {
      name: "step",
      opType: local.name,
      domain: stepDomain,
      overload: "",
      inputs: local.inputs,
      outputs: local.outputs,
      attributes: [],
      docString: "",
      metadata: [],
    },
  ];
  return model;
}
