// formats: the table of every file format Ingot reads. A format detects, reads and describes; it never executes.
import { IngotError } from "../core/index.ts";
import { catboostCbm, catboostJson } from "./catboost/index.ts";
import { coremlFile } from "./coreml/index.ts";
import type { FileSource, Format, ModelDescription } from "./format.ts";
import { gguf } from "./gguf/index.ts";
import { joblib } from "./joblib/index.ts";
import { hdf5 } from "./hdf5/index.ts";
import { kerasConfig } from "./keras/index.ts";
import { lightgbm } from "./lightgbm/index.ts";
import { npy } from "./numpy/index.ts";
import { onnx } from "./onnx/index.ts";
import { openvino } from "./openvino/index.ts";
import { ort } from "./ort/index.ts";
import { pickle } from "./pickle/index.ts";
import { pmml } from "./pmml/index.ts";
import { safetensors } from "./safetensors/index.ts";
import { openFile } from "./source.ts";
import { savedModelFile, tensorflowGraphFile, tensorflowVariables } from "./tensorflow/index.ts";
import { tfjs } from "./tfjs/index.ts";
import { tflite } from "./tflite/index.ts";
import { xgboostJson, xgboostUbj } from "./xgboost/index.ts";

export {
  type CatboostLink,
  type CatboostModel,
  catboostColumns,
  catboostLink,
  catboostTreeCount,
  readCbm,
} from "./catboost/index.ts";
export type { FileSource, Format, ModelDescription } from "./format.ts";
export { readJoblib } from "./joblib/index.ts";
export * from "./lightgbm/index.ts";
export {
  classifierOutput,
  classNames,
  columnType,
  graphInputs,
  graphOutputs,
  makersOf,
  tensorDims,
  valueTypeText,
} from "./onnx/index.ts";
export * from "./pickle/index.ts";
export { attributesOf } from "./python/attributes.ts";
export type { Fitted } from "./python/fitted.ts";
export { fittedOf } from "./python/fitted_object.ts";
export type { PythonModel } from "./python/model.ts";
export { dtypeText, NdArray, type NumpyDtype, numberOf } from "./python/ndarray.ts";
export { dtypeOf, dtypeOfText } from "./python/numpy_dtype.ts";
export { arrayOf } from "./python/numpy_objects.ts";
export * from "./python/values.ts";
export { featureCountOf, featureNamesOf } from "./sklearn/columns.ts";
export { largestRead, memoryFile, type OpenFile, openFile } from "./source.ts";
export type { AnomalySubject, Observation, Survey } from "./survey.ts";
export type { Container, Entry, Tree, TreeFormat } from "./tree.ts";
export * from "./xgboost/index.ts";

/** In the order of detection: the first that recognises a file reads it. */
export const formats: readonly Format[] = [
  lightgbm,
  xgboostJson,
  xgboostUbj,
  catboostCbm,
  catboostJson,
  npy,
  joblib,
  pickle,
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
  tensorflowGraphFile,
];

/** How many leading bytes `detect` sees. */
const headSize = 64 * 1024;

/** The format of a file, by its content. @throws IngotError FORMAT_UNKNOWN */
export async function detectFormat(file: FileSource): Promise<Format> {
  const head = await file.read(0, headSize);
  const format = formats.find((candidate) => candidate.detect(head, file.size));
  if (format) return format;
  throw new IngotError("FORMAT_UNKNOWN", {
    what: file.size === 0 ? "the file is empty" : "no known format begins like this",
    where: file.name,
    fix: "see `ingot formats` for what can be read",
  });
}

/** Detects, reads and describes a model file. */
export async function describeFile(path: string): Promise<ModelDescription> {
  await using file = await openFile(path);
  const format = await detectFormat(file);
  return format.describe(await format.read(file));
}
