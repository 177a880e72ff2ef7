// Pickles for the scanner: one after another, as loaders that ask again would read them.
import { bytesFollow, type Soon, soon } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import type { Survey } from "../survey.ts";
import { looksLikePickle } from "./detect.ts";
import { walkPickle } from "./walk.ts";
import type { Walked, WalkOptions } from "./walked.ts";

const mostInARow = 10_000;

/** Surveys every pickle that follows the one before directly; other bytes behind them stay uncovered. Where the last one ended. */
export function surveyPickles(file: FileSource, survey: Survey, options: WalkOptions = {}): Soon<Walked> {
  const limit = Math.min(options.end ?? file.size, file.size);
  return soon(walkPickle(file, survey, options), (walked) =>
    walked.complete && walked.end < limit ? surveyMore(file, survey, options, walked, limit) : walked,
  );
}

async function surveyMore(
  file: FileSource,
  survey: Survey,
  options: WalkOptions,
  first: Walked,
  limit: number,
): Promise<Walked> {
  let walked = first;
  for (let count = 1; walked.complete && walked.end < limit; count++) {
    const head = await file.read(walked.end, Math.min(limit, walked.end + 65536));
    const isPickle = looksLikePickle(head, limit - walked.end);
    survey.observe({
      kind: "anomaly",
      subject: "trailing-data",
      detail: isPickle ? "another pickle follows the first" : `${bytesFollow(limit - walked.end)} the pickle`,
      at: walked.end,
    });
    if (!isPickle) break;
    if (count === mostInARow) {
      survey.observe({
        kind: "limit",
        limit: "count",
        detail: `more than ${mostInARow} pickles in a row`,
        at: walked.end,
      });
      break;
    }
    walked = await walkPickle(file, survey, { ...options, start: walked.end });
  }
  return walked;
}
