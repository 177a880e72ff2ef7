// How a token pattern of Python finds the same tokens in a graph. ONNX Runtime's Tokenizer takes the longest of the leftmost matches
// (RE2, longest match) and its \b knows ASCII only; Python takes the first match in order of preference. So two kinds are converted:
// patterns between two \b over word characters (whole words are found, then compared), and patterns without \b whose every next
// character leaves one choice: there the preferred match is the longest.
import { areDisjoint, type Characters, isWithin, wordCharacters } from "./characters.ts";
import { type Pattern, PatternUnsupported, parsePattern } from "./pattern.ts";

export interface TokenPattern {
  /** What the Tokenizer finds, for RE2 and JavaScript alike. */
  readonly find: string;
  /** What a found token must be as a whole; null where every one is a token. */
  readonly keep: string | null;
  /** Python's own matches: for JavaScript, `gu`. */
  readonly plain: RegExp;
}

/** @throws PatternUnsupported */
export function tokenPattern(text: string): TokenPattern {
  const { pattern, groups } = parsePattern(text);
  const parts = pattern.kind === "sequence" ? pattern.parts : [pattern];
  const starts = parts[0]?.kind === "boundary";
  const ends = parts.length > 1 && parts.at(-1)!.kind === "boundary";
  const inner = parts.slice(starts ? 1 : 0, ends ? -1 : undefined);
  if (groups.length > 1) throw new PatternUnsupported("several groups");
  if (groups.length === 1 && !(inner.length === 1 && inner[0] === groups[0]))
    throw new PatternUnsupported("a group that is a part of the token");
  const body: Pattern = inner.length === 1 ? inner[0]! : { kind: "sequence", parts: inner };
  const found = positionsOf(body);
  if (found.nullable) throw new PatternUnsupported("a match of no characters");
  const plain = new RegExp(pythonSource(pattern), "gu");
  const isWords = found.all.every(({ set }) => set.key === wordCharacters.key);
  const shortest = isWords ? openWord(body) : null;
  if (shortest !== null) return { find: `${wordCharacters.source}{${shortest},}`, keep: null, plain };
  if (starts && ends) {
    if (!found.all.every(({ set }) => isWithin(set, wordCharacters)))
      throw new PatternUnsupported("\\b around characters that are not of words");
    return { find: `${wordCharacters.source}+`, keep: sourceOf(body), plain };
  }
  if (starts || ends) throw new PatternUnsupported("\\b at one side only");
  refuseChoices(body, found);
  return { find: sourceOf(body), keep: null, plain };
}

/** Least number of characters where a pattern of word characters takes any number of them; else null. */
function openWord(body: Pattern): number | null {
  const parts = body.kind === "sequence" ? body.parts : [body];
  let shortest = 0;
  for (const [i, part] of parts.entries()) {
    if (part.kind === "characters") shortest++;
    else if (part.kind !== "repeat" || part.part.kind !== "characters" || part.lazy) return null;
    else if (part.max !== part.min && !(i === parts.length - 1 && part.max === null)) return null;
    else shortest += part.min;
  }
  const last = parts.at(-1)!;
  return last.kind === "repeat" && last.max === null ? shortest : null;
}

function sourceOf(pattern: Pattern): string {
  switch (pattern.kind) {
    case "characters":
      return pattern.set.source;
    case "boundary":
      throw new PatternUnsupported("\\b inside");
    case "sequence":
      return pattern.parts.map(sourceOf).join("");
    case "choice":
      return `(?:${pattern.parts.map(sourceOf).join("|")})`;
    case "repeat":
      return `(?:${sourceOf(pattern.part)})${quantifier(pattern)}`;
  }
}

/** Python's meaning in JavaScript: \b looks at both sides. */
function pythonSource(pattern: Pattern): string {
  const word = wordCharacters.source;
  switch (pattern.kind) {
    case "characters":
      return pattern.set.source;
    case "boundary":
      return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
    case "sequence":
      return pattern.parts.map(pythonSource).join("");
    case "choice":
      return `(?:${pattern.parts.map(pythonSource).join("|")})`;
    case "repeat":
      return `(?:${pythonSource(pattern.part)})${quantifier(pattern)}${pattern.lazy ? "?" : ""}`;
  }
}

function quantifier({ min, max }: { min: number; max: number | null }): string {
  return max === min ? `{${min}}` : `{${min},${max ?? ""}}`;
}

/** A place of a class in the pattern (Glushkov's automaton). */
interface Position {
  readonly set: Characters;
  readonly follow: Set<Position>;
}

interface Positions {
  readonly all: readonly Position[];
  readonly first: readonly Position[];
  readonly last: readonly Position[];
  readonly nullable: boolean;
}

const nothing: Positions = { all: [], first: [], last: [], nullable: true };
const mostPositions = 256;

function positionsOf(pattern: Pattern): Positions {
  switch (pattern.kind) {
    case "characters": {
      const position: Position = { set: pattern.set, follow: new Set() };
      return { all: [position], first: [position], last: [position], nullable: false };
    }
    case "boundary":
      throw new PatternUnsupported("\\b inside");
    case "sequence":
      return pattern.parts.map(positionsOf).reduce(inSequence, nothing);
    case "choice": {
      const parts = pattern.parts.map(positionsOf);
      if (parts.some(({ nullable }) => nullable)) throw new PatternUnsupported("a choice of no characters");
      return {
        all: parts.flatMap(({ all }) => all),
        first: parts.flatMap(({ first }) => first),
        last: parts.flatMap(({ last }) => last),
        nullable: false,
      };
    }
    case "repeat":
      return repeated(pattern.part, pattern.min, pattern.max);
  }
}

function inSequence(a: Positions, b: Positions): Positions {
  for (const { follow } of a.last) for (const next of b.first) follow.add(next);
  const all = [...a.all, ...b.all];
  if (all.length > mostPositions) throw new PatternUnsupported(`more than ${mostPositions} characters in a row`);
  return {
    all,
    first: a.nullable ? [...a.first, ...b.first] : a.first,
    last: b.nullable ? [...a.last, ...b.last] : b.last,
    nullable: a.nullable && b.nullable,
  };
}

function repeated(part: Pattern, min: number, max: number | null): Positions {
  let whole = nothing;
  for (let i = 0; i < min; i++) whole = inSequence(whole, positionsOf(part));
  if (max === null) {
    const loop = positionsOf(part);
    if (loop.nullable) throw new PatternUnsupported("a repetition of no characters");
    for (const { follow } of loop.last) for (const next of loop.first) follow.add(next);
    return inSequence(whole, { ...loop, nullable: true });
  }
  // x{0,2} is (x(x)?)?: what may be left out is left out from the end.
  let rest = nothing;
  for (let i = min; i < max; i++) rest = { ...inSequence(positionsOf(part), rest), nullable: true };
  return inSequence(whole, rest);
}

function refuseChoices(body: Pattern, { all, first }: Positions): void {
  if (hasLazy(body)) throw new PatternUnsupported("lazy repetition");
  for (const next of [first, ...all.map(({ follow }) => [...follow])])
    for (const [i, one] of next.entries())
      for (const other of next.slice(i + 1))
        if (!areDisjoint(one.set, other.set))
          throw new PatternUnsupported("choices that begin with the same characters");
}

function hasLazy(pattern: Pattern): boolean {
  if (pattern.kind === "repeat") return pattern.lazy || hasLazy(pattern.part);
  return (pattern.kind === "sequence" || pattern.kind === "choice") && pattern.parts.some(hasLazy);
}
