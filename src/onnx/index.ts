// onnx: ONNX models as plain data: read, write, build, join, infer, check. Knows nothing of where models come from.
export { type AttributeInput, Float, float } from "./attributes.ts";
export { dialect, GraphBuilder, type OpOptions, type Value } from "./builder.ts";
export { type MergeOptions, mergeModels } from "./compose.ts";
export { byteLength, type DataType, dataType, dataTypeOf, dataTypes } from "./data_types.ts";
export { externalFiles, loadExternal, type Split, splitExternal, writeExternal } from "./external_data.ts";
export { inferModel } from "./infer/infer.ts";
export type { Fact } from "./infer/rule.ts";
export { lintModel, lintRules } from "./lint/lint.ts";
export type { LintFinding, LintRule, Severity } from "./lint/rule.ts";
export { emptyGraph, emptyModel } from "./messages.ts";
export * from "./model.ts";
export { opsetVersion } from "./opset_changes.ts";
export { readModel, readTensor } from "./read.ts";
export { renameValues, valueNames } from "./rename.ts";
export { storedTensor, tensorOf } from "./stored_tensor.ts";
export * from "./tensor.ts";
export { graphsIn, nestedGraphs, nodesOf, tensorsOf } from "./walk.ts";
export { writeModel } from "./write.ts";
