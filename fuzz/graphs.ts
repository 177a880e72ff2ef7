// Graph formats that are read but not converted: TensorFlow, TFLite, ORT, Core ML, OpenVINO, PMML.
import { detectFormat, memoryFile } from "../src/formats/index.ts";

export const name = "graphs";

const ids = /^(tensorflow|tflite|ort|coreml|openvino|pmml)/;

export async function target(bytes: Uint8Array): Promise<void> {
  const file = memoryFile(bytes, "fuzz");
  const format = await detectFormat(file);
  if (!ids.test(format.id)) return;
  await format.survey?.(file, { covered() {}, observe() {}, async nested() {} });
  format.describe(await format.read(file));
}
