// formats: every file format Ingot reads (tables.ts). A format detects, reads and describes; it never executes.

export { containers, containersOf, isCutZip, openFolder, windowOf } from "./archive/index.ts";
export {
  type CatboostLink,
  type CatboostModel,
  catboostColumns,
  catboostLink,
  catboostTreeCount,
  readCbm,
} from "./catboost/index.ts";
export { decompressed } from "./compression/index.ts";
export type { FileSource, Format, ModelDescription } from "./format.ts";
export { describeFile, detectFormat, type ModelRead, readModelAt } from "./identify.ts";
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
export { described as describedValue, fittedOf } from "./python/fitted_object.ts";
export type { PythonModel } from "./python/model.ts";
export { NdArray, type NumpyDtype, numberOf } from "./python/ndarray.ts";
export { dtypeOf } from "./python/numpy_dtype.ts";
export { arrayOf } from "./python/numpy_objects.ts";
export * from "./python/values.ts";
export { featureCountOf, featureNamesOf } from "./sklearn/columns.ts";
export { MemoryFile, memoryFile, type OpenFile, openFile } from "./source.ts";
export type { AnomalySubject, Observation, Survey } from "./survey.ts";
export { candidatesFor, formats, treeFormats } from "./tables.ts";
export { type Container, type Entry, rootsOf, type Tree, type TreeFormat } from "./tree.ts";
export * from "./xgboost/index.ts";
