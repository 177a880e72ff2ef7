// YAML from people and strangers: parsed without aliases, duplicates or surprises, with the line of every value kept.
import { type Document, isAlias, isPair, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { type ErrorCode, IngotError } from "../core/index.ts";

const largestFile = 1 << 20;
const tooDeep = "is nested too deeply";

export interface YamlSource {
  readonly value: unknown;
  /**
   * `ingot.yaml:12:3`: where the value at this path begins, or the nearest one around it.
   * @param offset characters into a text: where in the file that one stands
   */
  where(path: readonly PropertyKey[], offset?: number): string;
}

/** @throws IngotError with `code`, at line and column */
export function parseYaml(bytes: Uint8Array, name: string, code: ErrorCode): YamlSource {
  const refuse = (what: string, where = name, fix?: string): never => {
    throw new IngotError(code, { what, where, fix });
  };
  if (bytes.length > largestFile) refuse(`holds ${bytes.length} bytes, at most ${largestFile} make sense here`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse("is not valid UTF-8 text");
  }
  const lines = new LineCounter();
  let document: Document;
  try {
    document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, stringKeys: true, prettyErrors: false });
  } catch (cause) {
    // The parser recurses: thousands of brackets exhaust the stack.
    if (cause instanceof RangeError) return refuse(tooDeep);
    throw cause;
  }
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) refuse(/call stack/.test(problem.message) ? tooDeep : problem.message, at(problem.pos[0]));
  visit(document, (_key, node) => {
    if (isPair(node) && isScalar(node.key) && node.key.value === "__proto__")
      refuse("`__proto__` cannot be a key", at(node.key.range?.[0] ?? 0));
    if (isAlias(node))
      refuse("YAML aliases are not used here", at(node.range?.[0] ?? 0), "write the value out where it is needed");
  });
  return {
    value: document.toJS({ maxAliasCount: 0 }),
    where(path, offset) {
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
        if (node?.range) return at(offset === undefined ? node.range[0] : within(text, node.range, offset));
      }
      return at(0);
    },
  };
}

/** Where a character of a text stands in the file: behind its quote, or in the lines of a block. Escapes are not counted. */
function within(text: string, [start, end]: [number, number, number], offset: number): number {
  const first = text[start];
  if (first !== "|" && first !== ">") return start + offset + (first === '"' || first === "'" ? 1 : 0);
  let at = text.indexOf("\n", start) + 1;
  const indent = /^ */.exec(text.slice(at, end))![0].length;
  for (let rest = offset; at < end; ) {
    const line = text.indexOf("\n", at);
    const length = (line < 0 ? end : line) - at - indent;
    if (rest <= length || line < 0) return at + indent + rest;
    rest -= length + 1;
    at = line + 1;
  }
  return start;
}
