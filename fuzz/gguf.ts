// GGUF: header, layout and padding, of every version.
import { formats, memoryFile } from "../src/formats/index.ts";

export const name = "gguf";

const format = formats.find(({ id }) => id === "gguf")!;

export async function target(bytes: Uint8Array): Promise<void> {
  const file = memoryFile(bytes, "fuzz");
  format.detect(bytes.subarray(0, 65_536), bytes.length);
  await format.survey?.(file, { covered() {}, observe() {}, async nested() {} });
  format.describe(await format.read(file));
}
