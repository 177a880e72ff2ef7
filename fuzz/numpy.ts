// .npy: the header, the elements as Python values, and the walk of the scanner.
import { memoryFile, type Survey } from "../src/formats/index.ts";
import { npy, readNpy } from "../src/formats/numpy/index.ts";

export const name = "numpy";

const survey: Survey = {
  covered() {},
  observe() {},
  async nested(_name, file) {
    await file[Symbol.asyncDispose]();
  },
};

export async function target(bytes: Uint8Array): Promise<void> {
  const file = memoryFile(bytes, "fuzz.npy");
  await npy.survey!(file, survey);
  npy.describe(await npy.read(file));
  readNpy(bytes, "fuzz.npy").array.values();
}
