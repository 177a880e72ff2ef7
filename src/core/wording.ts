// How messages put values, counts, and names that somebody may have meant.

/** A value as it appears in a message: JSON, control characters escaped, at most `limit` characters. */
export function quoted(value: unknown, limit = 60): string {
  const text = typeof value === "bigint" ? `${value}` : (JSON.stringify(value, withLongIntegers) ?? String(value));
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

/** A whole number, its digits in groups of three. By hand: loading the tables of `Intl` for one number takes longer than scanning a file. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 tree`, `1,200 trees`. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : nouns}`;
}

/** `1 byte follows`, `5 bytes follow`: of what stands behind an end. */
export function bytesFollow(count: number): string {
  return `${counted(count, "byte")} ${count === 1 ? "follows" : "follow"}`;
}

/** JSON.stringify throws at the integers beyond 2^53 that readers keep as bigint. */
function withLongIntegers(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

/** The candidate nearest to `word` by edit distance, when near enough to be a typing error. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // Comparing takes the product of the lengths, and words come from outside: nobody mistypes a word this long.
  if (word.length > 80) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment distance: insert, delete, replace, swap neighbours. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, previous[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforePrevious[j - 2]! + 1);
      row.push(cost);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length]!;
}
