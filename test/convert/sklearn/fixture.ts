// Cases of fixtures/sklearn: the model, its rows as tensors of the converted inputs, and the library's answers by output name.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { type Converted, type ConvertOptions, convertModel } from "../../../src/convert/index.ts";
import type { Schema } from "../../../src/core/index.ts";
import { detectFormat, memoryFile } from "../../../src/formats/index.ts";
import type { Tensor } from "../../../src/onnx/index.ts";
import { textInForm } from "../../../src/pipeline/index.ts";
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

interface Answer {
  readonly shape: readonly number[];
  readonly values: readonly Cell[];
}

type Answers = Readonly<Record<string, Answer | readonly Answer[]>>;

interface Named {
  readonly name: string | null;
  readonly values: readonly Cell[];
}

const folder = path.join(import.meta.dirname, "../../../fixtures/sklearn");

function unpacked(file: string): Buffer {
  return gunzipSync(readFileSync(path.join(folder, `${file}.gz`)));
}

/** Cases by the version of scikit-learn that made them. */
export function sklearnCases(): Map<string, SklearnCase[]> {
  const indices = readdirSync(folder).filter((name) => /^index-.*\.json\.gz$/.test(name));
  return new Map(
    indices.map((name) => [
      name.slice("index-".length, -".json.gz".length),
      JSON.parse(unpacked(name.slice(0, -".gz".length)).toString()) as SklearnCase[],
    ]),
  );
}

export async function convertedCase(one: SklearnCase): Promise<Converted> {
  const file = memoryFile(unpacked(`models/${one.model}`), one.model);
  const format = await detectFormat(file);
  return convertModel(format, await format.read(file), one.convert);
}

/** The rows of a case for the inputs of its graph; columns go by name, or by position where they have none. */
export function feedsOfCase(one: SklearnCase, { inputs }: Schema): Record<string, Tensor> {
  const { columns } = JSON.parse(unpacked(`data/${one.data}.json`).toString()) as { columns: Named[] };
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

/** What the library answered, under the names of the outputs. */
export function answersOf(one: SklearnCase, { outputs }: Schema): Map<string, readonly Cell[]> {
  const answers = JSON.parse(unpacked(`outputs/${one.outputs}.json`).toString()) as Answers;
  const targets = outputs.filter(({ name }) => name.startsWith("label_")).length;
  const found = new Map<string, readonly Cell[]>();
  for (const { name } of outputs) {
    const [, kind, target] = /^([a-z]+)(?:_(\d+))?$/.exec(name)!;
    const answer = answers[methods[kind!]!];
    if (answer === undefined) continue;
    if (Array.isArray(answer)) found.set(name, (answer as readonly Answer[])[Number(target)]!.values);
    else {
      const { values } = answer as Answer;
      found.set(name, target === undefined ? values : values.filter((_, at) => at % targets === Number(target)));
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
