// onnx: ONNX models as plain data: read, write, build, compose, infer, check. Knows nothing of where models come from.
export { type AttributeInput, Float, float } from "./attributes.ts";
export * from "./builder.ts";
export { byteLength, type DataType, dataType, dataTypeOf, dataTypes } from "./data_types.ts";
export { emptyGraph, emptyModel } from "./messages.ts";
export * from "./model.ts";
export { readModel, readTensor } from "./read.ts";
export { storedTensor, tensorOf } from "./stored_tensor.ts";
export * from "./tensor.ts";
export { writeModel } from "./write.ts";
