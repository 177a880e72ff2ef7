// runtime: a graph and a schema in, a predictor out. Records become tensors and back here, the same for every runtime; what a
// package is, this layer does not know.
export { decodeRecords } from "./decode.ts";
export { encodeRecords } from "./encode.ts";
export type { PipelineFiles } from "./host_stages.ts";
export { readJson, writeJson } from "./json.ts";
export { openApiSchemas } from "./json_schema.ts";
export { type GraphFile, openPredictor, type PredictorOptions, predictorOn } from "./open.ts";
export type { InputRecord, OutputRecord, OutputValue, Predictor, RuntimeName, Session } from "./predictor.ts";
export { type QuickReader, type QuickRecords, quickReader } from "./quick_json/record_reader.ts";
export { type QuickWriter, quickWriter } from "./quick_json/record_writer.ts";
export { inBatches, type RowFormat, type RowOptions, readRows } from "./rows.ts";
export { shortestFloat32 } from "./shortest_float32.ts";
export { type Feeds, type Frame, frameOf, tensorsOf } from "./thread/frame.ts";
export { openThreadPredictor, type ThreadPredictor } from "./thread/thread_predictor.ts";
