// joblib: detection, decompression, arrays between opcodes, description, and the walk of the scanner.

import { memoryFile, type Survey } from "../src/formats/index.ts";
import { joblib } from "../src/formats/joblib/index.ts";

export const name = "joblib";

const survey: Survey = {
  covered() {},
  observe() {},
  async nested(_name, file) {
    await file[Symbol.asyncDispose]();
  },
};

export async function target(bytes: Uint8Array): Promise<void> {
  const file = memoryFile(bytes, "fuzz.joblib");
  await joblib.survey!(file, survey);
  if (joblib.detect(bytes, bytes.length)) joblib.describe(await joblib.read(file));
}
