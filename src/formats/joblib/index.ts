// joblib: pickles with arrays between the opcodes, whole or compressed.
import { compressionOf } from "../compression/index.ts";
import type { Format } from "../format.ts";
import { looksLikePickle } from "../pickle/detect.ts";
import type { PythonModel } from "../python/model.ts";
import { describePython } from "../sklearn/describe.ts";
import { holdsArrays } from "./detect.ts";
import { readJoblib } from "./read.ts";
import { surveyJoblib } from "./survey.ts";

export { readJoblib } from "./read.ts";

/** A compressed file counts as joblib: what is in it only reading tells. Last in the table of formats. */
export const joblib: Format<PythonModel> = {
  id: "joblib",
  title: "joblib",
  detect: (head, size) => compressionOf(head) !== undefined || (looksLikePickle(head, size) && holdsArrays(head)),
  async read(file) {
    const { value, protocol, globals, compression, rest } = await readJoblib(file);
    return {
      format: "joblib",
      formatVersion: String(protocol),
      source: file.name,
      root: value,
      globals: [...new Set(globals.map((global) => global.path))].filter((path) => !ownClass.test(path)),
      facts: [
        ...(compression ? [["compression", compression] as const] : []),
        ...(rest > 0 ? [["bytes after the pickle", rest] as const] : []),
      ],
    };
  },
  describe: describePython,
  survey: surveyJoblib,
};

/** joblib's own stand-ins for arrays say nothing about the model. */
const ownClass = /(^|\.)joblib\.numpy_pickle(_compat)?\.(NumpyArray|NDArray|ZNDArray)Wrapper$/;
