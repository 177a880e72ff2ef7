// From a place in a bundle to the user's own file and line. Rule: ECMA-426, source maps: `mappings` in base64 VLQ.

interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** @returns `steps/features.ts:12`, or null where the map does not say */
export function sourceLine(map: SourceMap, line: number, column: number): string | null {
  let [source, sourceLine] = [0, 0];
  let found: string | null = null;
  const lines = map.mappings.split(";");
  for (let at = 0; at < Math.min(line, lines.length); at++) {
    let own = 0;
    for (const segment of lines[at]!.split(",")) {
      const fields = numbersOf(segment);
      if (fields.length < 4) continue;
      own += fields[0]!;
      source += fields[1]!;
      sourceLine += fields[2]!;
      if (at === line - 1 && (own < column || found === null))
        found = `${map.sources[source] ?? "?"}:${sourceLine + 1}`;
    }
  }
  return found;
}

function numbersOf(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const letter of segment) {
    const digit = digits.indexOf(letter);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

/** Where the user's code stood when it threw: the innermost place that the map knows. */
export function thrownAt(stack: string, map: SourceMap | null): string | null {
  for (const [, line, column] of stack.matchAll(/step\.js:(\d+):(\d+)/g)) {
    const place = map && sourceLine(map, Number(line), Number(column));
    if (place) return place;
  }
  return null;
}
