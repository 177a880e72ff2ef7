// Pickles inside the bytes and text of a pickle.
import { type Soon, soon } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import { memoryFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import { looksLikePickle } from "./detect.ts";
import type { Walked, WalkOptions } from "./walked.ts";
import type { Witness } from "./witness.ts";

const deepestNesting = 4;
const headSize = 64 * 1024;
/** Text that stands for bytes is decoded in memory. */
export const largestText = 2 ** 24;

interface Payload {
  readonly file: FileSource;
  readonly start: number;
  readonly end: number;
  /** Protocol 2 writes bytes as text of the same codes. */
  readonly isText: boolean;
  readonly depth: number;
  readonly witness: Witness;
  readonly survey: Survey;
}

type Walk = (file: FileSource, survey: Survey, options: WalkOptions) => Soon<Walked>;

/** Walks a payload that may be a pickle; what it tells is told of the pickle around it. */
export function surveyNested(payload: Payload, walk: Walk): Soon<void> {
  const { depth, witness, start } = payload;
  if (depth <= deepestNesting)
    return soon(source(payload), ({ file, range }) =>
      soon(file.read(range.start, Math.min(range.end, range.start + headSize)), (head) =>
        looksLikePickle(head, range.end - range.start) ? surveyInner(payload, file, range, walk) : undefined,
      ),
    );
  witness.observe({ kind: "limit", limit: "depth", detail: "pickles inside pickles inside pickles", at: start });
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function surveyInner(payload: Payload, file: FileSource, range: Range, walk: Walk): Soon<void> {
  const { isText, depth, witness, survey, start } = payload;
  // Arrays may begin like a pickle by chance: only what ends as one, or calls something, is told.
  const told: (() => void)[] = [];
  const quiet: Survey = {
    covered: () => undefined,
    observe: (observation) => {
      told.push(() => witness.observe(isText ? { ...observation, at: start } : observation));
    },
    nested: (name, inner) => survey.nested(name, inner),
  };
  return soon(walk(file, quiet, { ...range, depth }), (walked) => {
    if (walked.complete || walked.calls > 0) for (const tell of told) tell();
  });
}

function source({ file, start, end, isText }: Payload): Soon<{ file: FileSource; range: Range }> {
  if (!isText) return { file, range: { start, end } };
  return soon(file.read(start, end), (encoded) => {
    const bytes = Buffer.from(Buffer.from(encoded).toString("utf8"), "latin1");
    return { file: memoryFile(bytes, file.name), range: { start: 0, end: bytes.length } };
  });
}
