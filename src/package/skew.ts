// The skew check: rows that the training code recorded, against what the package answers to them; and where the first difference comes from.
import { IngotError, nearest, type OutputSpec, type Schema } from "../core/index.ts";
import type { Store } from "../oci/index.ts";
import { readModel, writeModel } from "../onnx/index.ts";
import { type ObservedStep, observableGraph } from "../pipeline/index.ts";
import { type OutputRecord, openPredictor, type Predictor, type RuntimeName } from "../runtime/index.ts";
import { compareOutput, type Difference, defaultTolerance, noDifference } from "./compare.ts";
import { type Example, parseExamples } from "./examples.ts";
import { openPackage, type Package } from "./open.ts";
import { pack } from "./pack.ts";
import { type Cause, likelyCause } from "./skew_cause.ts";

export interface SkewOptions {
  readonly runtime?: RuntimeName;
  /** Return the values between the steps, for the first rows that differ (or the first rows). */
  readonly intermediate?: boolean;
}

/** A value that is not what was recorded. */
export interface SkewDifference {
  /** `probabilities.late`, or `impute.age` between steps. */
  readonly what: string;
  readonly recorded: string;
  readonly computed: string;
}

export interface ObservedRow {
  /** In the file. */
  readonly line: number;
  readonly differences: readonly SkewDifference[];
  /** The first step whose recorded value differs, where the row has recorded values between steps. */
  readonly firstStep?: SkewDifference & { readonly step: string; readonly column: string };
  /** Steps whose recorded values are equal, in order, up to there. */
  readonly agreed: readonly string[];
  /** Why the package refuses the record. */
  readonly refused?: string;
  readonly intermediate?: Readonly<Record<string, unknown>>;
}

export interface SkewReport {
  readonly reference: string;
  readonly digest: string;
  readonly runtime: RuntimeName;
  readonly ok: boolean;
  readonly rows: number;
  /** Rows with something recorded to compare with. */
  readonly compared: number;
  readonly differing: number;
  readonly outputs: Readonly<Record<string, Difference>>;
  /** The first rows that differ; with `intermediate` the first rows where none does. */
  readonly shown: readonly ObservedRow[];
  /** The step that differs first, over all rows. */
  readonly step?: { readonly name: string; readonly column: string; readonly rows: number };
  /** What the rows that differ have in common. */
  readonly cause?: Cause;
}

const mostShown = 20;
const rowsPerBatch = 256;

/** @throws IngotError PACKAGE_NOT_FOUND …, JSON_MALFORMED for the rows */
export async function skewCheck(
  reference: string,
  store: Store,
  rows: { readonly bytes: Uint8Array; readonly name: string },
  options: SkewOptions = {},
): Promise<SkewReport> {
  const found = await openPackage(reference, store);
  const examples = parseExamples(rows.bytes, rows.name);
  if (examples.length === 0) throw new IngotError("JSON_MALFORMED", { what: "holds no rows", where: rows.name });
  const { predictor, observed } = await observing(found, options.runtime ?? "native");
  try {
    return await compared(found, predictor, observed, examples, rows.name, options);
  } finally {
    await predictor.close();
  }
}

/** The same for a project that is not packed yet: it is packed into a store of its own. @param scratch a store that may be written */
export async function skewOfProject(
  folder: string,
  scratch: Store,
  rows: { readonly bytes: Uint8Array; readonly name: string },
  options: SkewOptions = {},
): Promise<SkewReport> {
  const { name, version } = await pack(folder, scratch);
  return skewCheck(`${name}:${version}`, scratch, rows, options);
}

/** A predictor that also returns what every step wrote. */
async function observing(
  found: Package,
  runtime: RuntimeName,
): Promise<{ predictor: Predictor; observed: ObservedStep[] }> {
  const { description, pipeline } = found;
  const file = await found.graph();
  const isWhole = file.bytes !== undefined && file.externalData === undefined;
  const { model, observed } = isWhole
    ? observableGraph(readModel(file.bytes))
    : { model: null, observed: [] as ObservedStep[] };
  if (!model || observed.length === 0) return { predictor: await found.predictor({ runtime }), observed: [] };
  const { schema } = description;
  const known = new Set(schema.outputs.map(({ name }) => name));
  const more = observed.filter(({ output }) => !known.has(output)).map(outputOf);
  const extended = (own: Schema): Schema => ({ ...own, outputs: [...own.outputs, ...more] });
  const work = pipeline?.work;
  const inner = work?.inner ? { inner: extended(work.inner) } : {};
  const predictor = await openPredictor({ ...file, bytes: writeModel(model) }, extended(schema), {
    runtime,
    pipeline: pipeline && work && { work: { ...work, ...inner }, read: pipeline.read },
  });
  return { predictor, observed };
}

function outputOf({ output, columns, dtype, shape, isMatrix }: ObservedStep): OutputSpec {
  const type = dtype === "string" || dtype === "bool" ? dtype : dtype.includes("float") ? "float" : "int";
  return { name: output, type, dtype, shape, layout: "batch", ...(isMatrix ? { classes: columns } : {}) };
}

async function compared(
  found: Package,
  predictor: Predictor,
  observed: readonly ObservedStep[],
  examples: readonly Example[],
  source: string,
  options: SkewOptions,
): Promise<SkewReport> {
  const outputs: Record<string, Difference> = {};
  const rows: ObservedRow[] = [];
  const differs: boolean[] = [];
  const steps = new Map<string, { name: string; column: string; rows: number }>();
  let comparedRows = 0;
  for (let start = 0; start < examples.length; start += rowsPerBatch) {
    const batch = examples.slice(start, start + rowsPerBatch);
    const answers = await predictor.predictEach(batch.map(({ inputs }) => inputs));
    for (const [at, example] of batch.entries()) {
      if (example.outputs || example.intermediate) comparedRows++;
      const row = compareRow(found, example, answers[at]!, observed, outputs, source);
      const isDifferent = row.differences.length > 0 || row.firstStep !== undefined || row.refused !== undefined;
      differs.push(isDifferent);
      if (row.firstStep) {
        const { what: key, step: name, column } = row.firstStep;
        const known = steps.get(key) ?? { name, column, rows: 0 };
        steps.set(key, { ...known, rows: known.rows + 1 });
      }
      if (!isDifferent && !options.intermediate) continue;
      const answer = answers[at]!;
      const values =
        options.intermediate && !(answer instanceof IngotError) ? { intermediate: valuesOf(answer, observed) } : {};
      rows.push({ ...row, ...values });
    }
  }
  const different = rows.filter((row) => row.differences.length > 0 || row.firstStep || row.refused !== undefined);
  const first = [...steps.values()].toSorted((a, b) => orderOf(observed, a.name) - orderOf(observed, b.name))[0];
  const cause = likelyCause(found.description.schema, examples, differs);
  return {
    reference: `${found.name}:${found.version}`,
    digest: found.digest,
    runtime: predictor.runtime,
    ok: different.length === 0 && comparedRows > 0,
    rows: examples.length,
    compared: comparedRows,
    differing: different.length,
    outputs,
    shown: (different.length > 0 ? different : rows).slice(0, mostShown),
    ...(first ? { step: first } : {}),
    ...(cause ? { cause } : {}),
  };
}

function compareRow(
  { description, certificate }: Package,
  { line, outputs: recorded = {}, intermediate = {} }: Example,
  answer: OutputRecord | IngotError,
  observed: readonly ObservedStep[],
  seen: Record<string, Difference>,
  source: string,
): ObservedRow {
  if (answer instanceof IngotError)
    return { line, differences: [], agreed: [], refused: answer.message.replace(/ \(row \d+\)/, "") };
  const differences: SkewDifference[] = [];
  const names = description.schema.outputs.map(({ name }) => name);
  for (const name of Object.keys(recorded))
    if (!names.includes(name)) throw unknownKey("output", name, names, `${source}:${line}`);
  for (const spec of description.schema.outputs) {
    if (!Object.hasOwn(recorded, spec.name)) continue;
    seen[spec.name] ??= noDifference();
    const tolerance = certificate.tolerances[spec.name] ?? defaultTolerance(spec.dtype);
    const found = compareOutput(spec, recorded[spec.name], answer[spec.name], tolerance, seen[spec.name]!);
    if (found) differences.push({ what: found.output, recorded: found.expected, computed: found.actual });
  }
  const agreed: string[] = [];
  let firstStep: ObservedRow["firstStep"];
  for (const { key, step, column, dtype, value } of recordedSteps(
    intermediate,
    answer,
    observed,
    `${source}:${line}`,
  )) {
    const spec: OutputSpec = { name: `${step}.${column}`, type: "float", dtype, shape: [], layout: "batch" };
    const found = compareOutput(spec, intermediate[key], value, defaultTolerance(dtype), noDifference());
    if (!found) agreed.push(spec.name);
    else {
      firstStep = { what: spec.name, step, column, recorded: found.expected, computed: found.actual };
      break;
    }
  }
  return { line, differences, agreed, ...(firstStep ? { firstStep } : {}) };
}

/** Recorded values between steps, in the order of the steps: `impute.age` is that step's, `age` the last before it is replaced no more. */
function recordedSteps(
  intermediate: Readonly<Record<string, unknown>>,
  answer: OutputRecord,
  observed: readonly ObservedStep[],
  where: string,
) {
  const written = observed.flatMap((each) =>
    each.columns.map((column) => {
      const value = answer[each.output];
      const own = each.isMatrix ? (value as Readonly<Record<string, unknown>>)[column] : value;
      return { step: each.step, column, dtype: each.dtype, value: own };
    }),
  );
  return Object.keys(intermediate)
    .map((key) => {
      const named = written.findIndex(({ step, column }) => `${step}.${column}` === key);
      const at = named >= 0 ? named : written.findLastIndex(({ column }) => column === key);
      if (at < 0)
        throw unknownKey(
          "column between the steps",
          key,
          written.flatMap(({ step, column }) => [`${step}.${column}`, column]),
          where,
        );
      return { key, at, ...written[at]! };
    })
    .toSorted((a, b) => a.at - b.at);
}

function valuesOf(answer: OutputRecord, observed: readonly ObservedStep[]): Record<string, unknown> {
  return Object.fromEntries(
    observed.map(({ step, output, columns, isMatrix }) => {
      const value = answer[output];
      return [isMatrix ? step : `${step}.${columns[0]}`, value];
    }),
  );
}

function orderOf(observed: readonly ObservedStep[], step: string): number {
  return observed.findIndex((each) => each.step === step);
}

function unknownKey(kind: string, key: string, known: readonly string[], where: string): IngotError {
  const near = nearest(key, known);
  return new IngotError("JSON_MALFORMED", {
    what: `there is no ${kind} \`${key}\`${near === undefined ? "" : `, did you mean \`${near}\`?`}`,
    where,
    fix: known.length > 0 ? `known are ${[...new Set(known)].slice(0, 12).join(", ")}` : undefined,
  });
}
