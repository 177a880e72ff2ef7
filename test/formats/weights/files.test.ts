// Files of weights as their libraries wrote them: detected by one reader, described, every byte accounted for.
import path from "node:path";
import { expect, test } from "vitest";
import { describeFile, formats, openFile } from "../../../src/formats/index.ts";
import { anomalies, surveyed } from "./surveyed.ts";

const fixtures = path.join(import.meta.dirname, "../../../fixtures");

const files: [file: string, reader: string, summary: string, parameters: number][] = [
  ["safetensors/mixed.safetensors", "safetensors", "6 tensors, 55 parameters", 55],
  ["safetensors/empty.safetensors", "safetensors", "0 tensors, 0 parameters", 0],
  ["gguf/tiny-q8.gguf", "gguf", "llama, Q8_0, 6,208 parameters in 3 tensors", 6208],
  ["gguf/tiny-big-endian.gguf", "gguf", "llama, F32, 6,208 parameters in 3 tensors", 6208],
  ["gguf/version1.gguf", "gguf", "gptj, F32, 8 parameters in 1 tensor", 8],
  ["gguf/version2.gguf", "gguf", "gptj, F32, 8 parameters in 1 tensor", 8],
  ["keras/digits.h5", "hdf5", 'Sequential "digits" of 5 layers', 6810],
  ["keras/digits.weights.h5", "hdf5", "11 groups, 4 datasets", 6810],
  ["keras/lambda.h5", "hdf5", 'Sequential "unsafe" of 2 layers', 0],
  ["keras/plain-earliest.h5", "hdf5", "24 groups, 4 datasets", 1018],
  ["keras/plain-latest.h5", "hdf5", "24 groups, 4 datasets", 1018],
];

test.each(files)("%s", async (name, reader, summary, parameters) => {
  const file = path.join(fixtures, name);
  await using opened = await openFile(file);
  const bytes = await opened.readAll();
  const recognised = formats.filter((format) => format.detect(bytes.subarray(0, 65_536), bytes.length));
  expect(recognised.map(({ id }) => id)).toEqual([reader]);
  const description = await describeFile(file);
  expect(description.summary).toBe(summary);
  expect(description.parameters).toBe(parameters);
  const { observations, gaps } = await surveyed(bytes);
  expect(anomalies(observations)).toEqual([]);
  expect(gaps).toBe(0);
});

test("a Keras model shows its layers, inputs and outputs, and the bytecode of a Lambda", async () => {
  const digits = await describeFile(path.join(fixtures, "keras/digits.h5"));
  expect(digits).toMatchObject({
    format: "keras-h5",
    producer: { name: "Keras", version: "3.8.0" },
    task: "multiclass classification",
    inputs: [{ name: "image", type: "float", shape: [28, 28, 1] }],
    outputs: [{ name: "digit", shape: [10] }],
  });
  await using opened = await openFile(path.join(fixtures, "keras/lambda.h5"));
  const { observations } = await surveyed(await opened.readAll());
  expect(observations.filter(({ kind }) => kind === "code")).toHaveLength(1);
  expect(observations).toContainEqual(
    expect.objectContaining({ kind: "keras-object", name: "Lambda", path: "config.config.layers[1]" }),
  );
});
