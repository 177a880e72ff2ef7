// pickle: Python objects of protocols 0 to 5, as inert data.
import { soon } from "../../core/index.ts";
import type { Format } from "../format.ts";
import { holdsArrays } from "../joblib/detect.ts";
import { stepOverArrays } from "../joblib/survey.ts";
import { arraysInStream } from "../joblib/wrapper.ts";
import type { PythonModel } from "../python/model.ts";
import { isTorchStream } from "../pytorch/stream_magic.ts";
import { describePython } from "../sklearn/describe.ts";
import { looksLikePickle } from "./detect.ts";
import { readPickle } from "./machine.ts";
import { surveyPickles } from "./survey.ts";

export type { PickleOptions, PickleResult } from "./result.ts";
export { surveyPickles } from "./survey.ts";
export { walkPickle } from "./walk.ts";
export type { Walked, WalkOptions } from "./walked.ts";
export { readPickle };

export const pickle: Format<PythonModel> = {
  id: "pickle",
  title: "Python pickle",
  // Streams of torch begin with a pickle, but more than pickles follow; joblib's files are its own.
  detect: (head, size) => looksLikePickle(head, size) && !isTorchStream(head) && !holdsArrays(head),
  async read(file) {
    const bytes = await file.readAll();
    // joblib's arrays may begin behind what detection sees.
    const onBuild = arraysInStream(bytes, file.name, (start) => readPickle(bytes, file.name, { start }));
    const { value, end, protocol, globals } = readPickle(bytes, file.name, { onBuild });
    const rest = bytes.length - end;
    return {
      format: "pickle",
      formatVersion: String(protocol),
      source: file.name,
      root: value,
      globals: globals.map((global) => global.path),
      facts: rest > 0 ? [["bytes after the pickle", rest]] : [],
    };
  },
  describe: describePython,
  survey: (file, survey) =>
    soon(surveyPickles(file, survey, { onBuild: stepOverArrays(file, survey) }), () => undefined),
};
