// The tables of what Ingot reads: files by their content, folders by their files. A new format is a new folder and one line here.

import { catboostCbm, catboostJson } from "./catboost/index.ts";
import { coremlFile, coremlPackage } from "./coreml/index.ts";
import { coremlWeights } from "./coreml/weights.ts";
import { bentoml } from "./folders/bentoml.ts";
import { mlflow } from "./folders/mlflow.ts";
import { torchserve } from "./folders/torchserve.ts";
import type { Format } from "./format.ts";
import { gguf } from "./gguf/index.ts";
import { hdf5 } from "./hdf5/index.ts";
import { huggingface } from "./huggingface/index.ts";
import { joblib } from "./joblib/index.ts";
import { kerasArchive, kerasConfig } from "./keras/index.ts";
import { lightgbm } from "./lightgbm/index.ts";
import { npy, npz } from "./numpy/index.ts";
import { onnx } from "./onnx/index.ts";
import { openvino } from "./openvino/index.ts";
import { ort } from "./ort/index.ts";
import { pickle } from "./pickle/index.ts";
import { pmml } from "./pmml/index.ts";
import { pytorch, pytorchExported, pytorchStream, pytorchTar, torchPackage } from "./pytorch/index.ts";
import { safetensors } from "./safetensors/index.ts";
import { sentencepiece } from "./sentencepiece/index.ts";
import { skops } from "./skops/index.ts";
import { savedModel, savedModelFile, tensorflowGraphFile, tensorflowVariables } from "./tensorflow/index.ts";
import { tfjs } from "./tfjs/index.ts";
import { tflite } from "./tflite/index.ts";
import type { TreeFormat } from "./tree.ts";
import { xgboostJson, xgboostLegacy, xgboostUbj } from "./xgboost/index.ts";

/** In the order of detection: the first that recognises a file reads it. */
export const formats: readonly Format[] = [
  lightgbm,
  xgboostJson,
  xgboostUbj,
  xgboostLegacy,
  catboostCbm,
  catboostJson,
  npy,
  pytorchStream,
  joblib,
  pickle,
  sentencepiece,
  onnx,
  safetensors,
  gguf,
  hdf5,
  kerasConfig,
  tfjs,
  tflite,
  ort,
  openvino,
  pmml,
  savedModelFile,
  tensorflowVariables,
  coremlFile,
  coremlWeights,
  tensorflowGraphFile,
];

const byFirstByte: (readonly Format[] | undefined)[] = [];

/** Formats that a file may have that begins like this, in the order of detection: `detect` of each tells. */
export function candidatesFor(head: Uint8Array): readonly Format[] {
  const [first] = head;
  if (first === undefined) return formats;
  byFirstByte[first] ??= formats.filter(({ firstBytes }) => firstBytes?.includes(String.fromCharCode(first)) ?? true);
  return byFirstByte[first];
}

/** Formats that are folders, on disk or in an archive; in the order of detection. */
export const treeFormats: readonly TreeFormat[] = [
  pytorch,
  pytorchExported,
  pytorchTar,
  torchPackage,
  skops,
  npz,
  kerasArchive,
  savedModel,
  coremlPackage,
  mlflow,
  bentoml,
  torchserve,
  huggingface,
];
