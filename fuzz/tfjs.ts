// model.json of TensorFlow.js, layers and graphs.
import { formats, memoryFile } from "../src/formats/index.ts";

export const name = "tfjs";

const format = formats.find(({ id }) => id === "tfjs")!;

export async function target(bytes: Uint8Array): Promise<void> {
  const file = memoryFile(bytes, "fuzz");
  format.detect(bytes.subarray(0, 65_536), bytes.length);
  await format.survey?.(file, { covered() {}, observe() {}, async nested() {} });
  format.describe(await format.read(file));
}
