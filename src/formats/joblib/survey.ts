// joblib files for the scanner: the pickle walked, array bytes stepped over, object arrays walked as the pickles they are.
import { IngotError, type Soon, soon } from "../../core/index.ts";
import { compressionOf, surveyCompressed, unpackedName } from "../compression/index.ts";
import type { FileSource } from "../format.ts";
import { surveyPickles } from "../pickle/survey.ts";
import { walkPickle } from "../pickle/walk.ts";
import type { PyObject } from "../python/values.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import { fileNameOf } from "./beside.ts";
import { isArrayWrapper, isFileWrapper, placeOf } from "./wrapper.ts";

export function surveyJoblib(file: OpenFile, survey: Survey): Soon<void> {
  return soon(file.read(0, 64), (head): Soon<void> => {
    const compression = compressionOf(head);
    if (compression) return surveyCompressed(compression, file, survey);
    return soon(surveyPickles(file, survey, { onBuild: stepOverArrays(file, survey) }), () => undefined);
  });
}

/** `WalkOptions.onBuild` of a file with joblib's arrays. */
export function stepOverArrays(
  file: FileSource,
  survey: Survey,
): (wrapper: PyObject, at: number) => Soon<number | null> {
  return (wrapper, at) => {
    try {
      const end = arrayEnd(wrapper, at);
      return end instanceof Promise ? end.catch((error) => refused(error, at)) : end;
    } catch (error) {
      return refused(error, at);
    }
  };

  function refused(error: unknown, at: number): null {
    if (!(error instanceof IngotError)) throw error;
    survey.observe({ kind: "anomaly", subject: "numpy", detail: error.what, at });
    return null;
  }

  function arrayEnd(wrapper: PyObject, at: number): Soon<number | null> {
    const where = `${file.name} at byte ${at}`;
    if (isFileWrapper(wrapper)) {
      const name = fileNameOf(wrapper, where);
      survey.observe({ kind: "path", path: name, purpose: "array of joblib in a file beside", at });
      // Compressed there are the elements alone; .npy explains itself.
      if (wrapper.className.endsWith(".ZNDArrayWrapper"))
        survey.coveredBeside?.(`${name}!/${unpackedName(name, "zf")}`);
      return null;
    }
    if (!isArrayWrapper(wrapper)) return null;
    return soon(file.read(at, at + 1), ([padding]) => {
      const { start, end } = placeOf(wrapper, at, () => padding, where);
      return end === null
        ? soon(walkPickle(file, survey, { start }), (walked) => walked.end)
        : plainEnd(at, start, end);
    });
  }

  function plainEnd(at: number, start: number, end: number): Soon<number> {
    if (end > file.size) {
      survey.observe({
        kind: "anomaly",
        subject: "truncated",
        detail: `an array needs ${end - start} bytes, ${Math.max(0, file.size - start)} left`,
        at,
      });
      survey.covered(at, file.size);
      return file.size;
    }
    // Padding is where bytes could hide: its content is fixed.
    return soon(file.read(Math.min(at + 1, start), start), (filler) => {
      if (filler.some((byte) => byte !== 0xff))
        survey.observe({ kind: "anomaly", subject: "numpy", detail: "padding before an array that is not 0xFF", at });
      survey.covered(at, end);
      return end;
    });
  }
}
