// Splits of a text as Hugging Face's tokenizers make them. Rule: tokenizers/src/tokenizer/normalizer.rs, NormalizedString::split.

/** A part of a text; `isStart` where it begins where the text began. */
export interface Piece {
  readonly text: string;
  readonly isStart: boolean;
}

export type Behavior = "Removed" | "Isolated" | "MergedWithPrevious" | "MergedWithNext" | "Contiguous";

interface Span {
  start: number;
  end: number;
  readonly isMatch: boolean;
}

/** @param pattern with the flag `g` */
export function splitBy(piece: Piece, pattern: RegExp, behavior: Behavior, invert = false): Piece[] {
  const spans = merged(spansOf(piece.text, pattern, invert), behavior);
  return spans
    .filter(({ start, end, isMatch }) => end > start && !(isMatch && behavior === "Removed"))
    .map(({ start, end }) => ({ text: piece.text.slice(start, end), isStart: piece.isStart && start === 0 }));
}

/** Matches and what is between them, in order. */
function spansOf(text: string, pattern: RegExp, invert: boolean): Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const length = match[0].length;
    if (match.index > end) spans.push({ start: end, end: match.index, isMatch: invert });
    if (length > 0) spans.push({ start: match.index, end: match.index + length, isMatch: !invert });
    end = match.index + length;
  }
  if (end < text.length) spans.push({ start: end, end: text.length, isMatch: invert });
  return spans;
}

function merged(spans: readonly Span[], behavior: Behavior): Span[] {
  if (behavior === "Removed" || behavior === "Isolated") return [...spans];
  const isBackward = behavior === "MergedWithNext";
  const kept: Span[] = [];
  let previous: boolean | null = null;
  for (const span of isBackward ? spans.toReversed() : spans) {
    const last = kept.at(-1);
    const joins = behavior === "Contiguous" ? span.isMatch === previous : span.isMatch && previous !== true;
    if (last && joins) {
      last.start = Math.min(last.start, span.start);
      last.end = Math.max(last.end, span.end);
    } else kept.push({ ...span });
    previous = span.isMatch;
  }
  return isBackward ? kept.reverse() : kept;
}
