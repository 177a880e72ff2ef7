// Pickles inside the bytes and text of a pickle.
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

type Walk = (file: FileSource, survey: Survey, options: WalkOptions) => Promise<Walked>;

/** Walks a payload that may be a pickle; what it tells is told of the pickle around it. */
export async function surveyNested(payload: Payload, walk: Walk): Promise<void> {
  const { isText, depth, witness, survey, start } = payload;
  if (depth > deepestNesting) {
    witness.observe({ kind: "limit", limit: "depth", detail: "pickles inside pickles inside pickles", at: start });
    return;
  }
  const { file, range } = await source(payload);
  const head = await file.read(range.start, Math.min(range.end, range.start + headSize));
  if (!looksLikePickle(head, range.end - range.start)) return;
  // Arrays may begin like a pickle by chance: only what ends as one, or calls something, is told.
  const told: (() => void)[] = [];
  const quiet: Survey = {
    covered: () => undefined,
    observe: (observation) => {
      told.push(() => witness.observe(isText ? { ...observation, at: start } : observation));
    },
    nested: (name, inner) => survey.nested(name, inner),
  };
  const walked = await walk(file, quiet, { ...range, depth });
  if (walked.complete || walked.calls > 0) for (const tell of told) tell();
}

async function source({ file, start, end, isText }: Payload) {
  if (!isText) return { file, range: { start, end } };
  const text = Buffer.from(await file.read(start, end)).toString("utf8");
  const bytes = Buffer.from(text, "latin1");
  return { file: memoryFile(bytes, file.name), range: { start: 0, end: bytes.length } };
}
