// Cases of fixtures/sklearn: the model, its rows as tensors of the converted inputs, and the library's answers by output name.
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { membersOf } from "../../../fixtures/sklearn/archive.ts";
import { type Converted, type ConvertOptions, convertModel } from "../../../src/convert/index.ts";
import type { Schema } from "../../../src/core/index.ts";
import { detectFormat, memoryFile } from "../../../src/formats/index.ts";
import type { Tensor } from "../../../src/onnx/index.ts";
import { textInForm } from "../../../src/pipeline/index.ts";
import type { Predictor } from "../../../src/runtime/index.ts";
import { type Cell, numberOf } from "../fixture.ts";

export interface SklearnCase {
  readonly case: string;
  readonly family: string;
  readonly about: string;
  readonly version: string;
  readonly model: string;
  readonly form: string;
  readonly convert?: ConvertOptions;
  /** What comes near the library only, by output; the case says why. */
  readonly tolerance?: number;
  readonly data: string;
  readonly outputs: string;
}

export interface Answer {
  readonly shape: readonly number[];
  readonly values: readonly Cell[];
}

export type Answers = Readonly<Record<string, Answer | readonly Answer[]>>;

export interface Named {
  readonly name: string | null;
  readonly values: readonly Cell[];
}

const folder = path.join(import.meta.dirname, "../../../fixtures/sklearn");

function unzipped(file: string): string {
  return gunzipSync(readFileSync(path.join(folder, file))).toString();
}

const opened = new Map<string, Map<string, Uint8Array>>();

/** A member of the archive of a case; releases of one case tend to be asked for in a row. */
function memberOf(one: SklearnCase, name: string): Buffer {
  if (!opened.has(one.case)) {
    if (opened.size > 64) opened.clear();
    opened.set(one.case, membersOf(readFileSync(path.join(folder, "cases", `${one.case}.zst`))));
  }
  return Buffer.from(opened.get(one.case)!.get(name)!);
}

/** Cases by the version of scikit-learn that made them, the oldest first. */
export function sklearnCases(): Map<string, SklearnCase[]> {
  return Map.groupBy(JSON.parse(unzipped("index.json.gz")) as SklearnCase[], ({ version }) => version);
}

/** The file that the library wrote. */
export function modelOf(one: SklearnCase): Buffer {
  return memberOf(one, `models/${one.model}`);
}

/** The rows, column by column. */
export function columnsOf(one: SklearnCase): readonly Named[] {
  return (JSON.parse(unzipped(`data/${one.data}.json.gz`)) as { columns: Named[] }).columns;
}

/** What the library answered, method by method. */
export function libraryAnswers(one: SklearnCase): Answers {
  return JSON.parse(memberOf(one, `outputs/${one.outputs}.json`).toString()) as Answers;
}

export async function convertedCase(one: SklearnCase): Promise<Converted> {
  const file = memoryFile(modelOf(one), one.model);
  const format = await detectFormat(file);
  return convertModel(format, await format.read(file), one.convert);
}

/** The rows of a case for the inputs of its graph; columns go by name, or by position where they have none. */
export function feedsOfCase(one: SklearnCase, { inputs }: Schema): Record<string, Tensor> {
  const columns = columnsOf(one);
  const rows = columns[0]!.values.length;
  if (inputs.length === 1 && inputs[0]!.layout === "batch") {
    const width = columns.length;
    const data = Float64Array.from({ length: rows * width }, (_, at) =>
      numberOf(columns[at % width]!.values[Math.floor(at / width)]!),
    );
    return { [inputs[0]!.name]: { dtype: "float64", dims: [rows, width], data } };
  }
  return Object.fromEntries(
    inputs.map(({ name, dtype, text, missingValue = "" }, position): [string, Tensor] => {
      const { values } = columns.find((column) => column.name === name) ?? columns[position]!;
      const data =
        dtype === "string"
          ? values.map((value) => (value === null ? missingValue : textInForm(String(value), text)))
          : Float64Array.from(values, numberOf);
      return [name, { dtype, dims: [rows, 1], data } as Tensor];
    }),
  );
}

/** Rows of text in one run: a graph holds as much for each text as for the longest. */
const textsAtOnce = 40;

/** What a predictor answers to all rows of a case. */
export async function answeredBy(
  predictor: Predictor,
  one: SklearnCase,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  if (one.family !== "text") return predictor.run(feeds);
  const rows = Object.values(feeds)[0]!.dims[0]!;
  const found: Record<string, Tensor> = {};
  for (let from = 0; from < rows; from += textsAtOnce) {
    const to = Math.min(rows, from + textsAtOnce);
    const part = Object.entries(feeds).map(([name, tensor]) => [name, rowsBetween(tensor, from, to)] as const);
    for (const [name, tensor] of Object.entries(await predictor.run(Object.fromEntries(part))))
      found[name] = found[name] ? joinedTensors(found[name], tensor) : tensor;
  }
  return found;
}

function rowsBetween({ dtype, dims, data }: Tensor, from: number, to: number): Tensor {
  const width = data.length / dims[0]!;
  return { dtype, dims: [to - from, ...dims.slice(1)], data: data.slice(from * width, to * width) } as Tensor;
}

function joinedTensors(a: Tensor, b: Tensor): Tensor {
  const dims = [a.dims[0]! + b.dims[0]!, ...a.dims.slice(1)];
  if (Array.isArray(a.data)) return { dtype: a.dtype, dims, data: [...a.data, ...(b.data as string[])] } as Tensor;
  const data = new (a.data.constructor as Float64ArrayConstructor)(a.data.length + b.data.length);
  data.set(a.data as Float64Array);
  data.set(b.data as Float64Array, a.data.length);
  return { dtype: a.dtype, dims, data } as Tensor;
}

/** What the library answered, under the names of the outputs. */
export function answersOf(one: SklearnCase, { outputs }: Schema): Map<string, readonly Cell[]> {
  const answers = libraryAnswers(one);
  const targets = outputs.filter(({ name }) => name.startsWith("label_")).length;
  const found = new Map<string, readonly Cell[]>();
  for (const { name } of outputs) {
    const [, kind, target] = /^([a-z]+)(?:_(\d+))?$/.exec(name)!;
    const answer = answers[methods[kind!]!];
    if (answer === undefined) continue;
    if (Array.isArray(answer)) found.set(name, (answer as readonly Answer[])[Number(target)]!.values);
    else {
      const { values } = answer as Answer;
      const own = target === undefined ? values : values.filter((_, at) => at % targets === Number(target));
      // Of several labels the library says how likely each is there; the graph also how likely it is not.
      const isLabel = target !== undefined && kind === "probabilities";
      found.set(name, isLabel ? own.flatMap((share) => [1 - numberOf(share), share]) : own);
    }
  }
  return found;
}

const methods: Readonly<Record<string, string>> = {
  label: "predict",
  prediction: "predict",
  cluster: "predict",
  probabilities: "predict_proba",
  decision: "decision_function",
  score: "score_samples",
  distances: "transform",
  transformed: "transform",
};
