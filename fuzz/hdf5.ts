// HDF5 of both generations, with Keras models in it.
import { formats, memoryFile } from "../src/formats/index.ts";

export const name = "hdf5";

const format = formats.find(({ id }) => id === "hdf5")!;

export async function target(bytes: Uint8Array): Promise<void> {
  const file = memoryFile(bytes, "fuzz");
  format.detect(bytes.subarray(0, 65_536), bytes.length);
  await format.survey?.(file, { covered() {}, observe() {}, async nested() {} });
  format.describe(await format.read(file));
}
