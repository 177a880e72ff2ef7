// Expressions checked against the columns they read: types settled, constants folded, ready to become nodes or to be evaluated.
import { nearest } from "../../core/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { missingText } from "../emission.ts";
import { type ExpressionFunction, emitScalar, expressionFunctions, type Scalar, type ValueType } from "./functions.ts";
import { type Expression, parseExpression } from "./parse.ts";
import { ExpressionProblem } from "./tokens.ts";

/** A column as expressions see it. */
export interface ExpressionColumn {
  readonly type: ValueType;
  readonly missing: boolean;
}

export interface CompiledExpression {
  readonly type: ValueType;
  /** Whether the result may be missing. */
  readonly missing: boolean;
  readonly inexact: boolean;
  /** Names of the columns it reads, in the order in which `emit` and `evaluate` take them. */
  readonly columns: readonly string[];
  /** Equal where only the names of the columns differ. */
  readonly form: string;
  /** @param columns of one shape (`[N]`, or several side by side): float64, texts or truth values @returns the same; a scalar where no column is read */
  emit(g: GraphBuilder, columns: readonly Value[]): Value;
  evaluate(columns: readonly Scalar[]): Scalar;
}

interface Part {
  readonly type: ValueType;
  readonly missing: boolean;
  readonly inexact: boolean;
  /** Where it does not depend on columns. */
  readonly constant?: Scalar;
  emit(g: GraphBuilder, columns: readonly Value[]): Value;
  evaluate(columns: readonly Scalar[]): Scalar;
}

/** Patterns that RE2 and JavaScript read alike, and that JavaScript answers quickly: no groups, anchors, look-around, `.` or named classes. */
const plainPattern =
  /^(?:[^\\()[\]{}*+?|^$.]|\\[\\.()[\]{}*+?|^$-]|\[\^?(?:[^\\[\]]|\\[\\\]^-])+\]|[*+?]|\{\d{1,3}(?:,\d{0,3})?\}|\|)+$/u;

/**
 * @param columnOf null where there is no such column
 * @throws ExpressionProblem
 */
export function compileExpression(
  source: string,
  columnOf: (name: string) => ExpressionColumn | null,
  names: () => Iterable<string>,
): CompiledExpression {
  const places = new Map<string, number>();
  const part = (node: Expression): Part => {
    switch (node.kind) {
      case "number":
      case "text":
      case "truth":
        return constant(node.value);
      case "null":
        throw new ExpressionProblem("`null` alone has no type", node.at, "use it in `if(…, …, null)` or `coalesce`");
      case "column": {
        const column = columnOf(node.name);
        if (!column) {
          const near = nearest(node.name, names());
          const hint = near === undefined ? "" : `, did you mean \`${near}\`?`;
          throw new ExpressionProblem(
            `there is no column \`${node.name}\`${hint}`,
            node.at,
            `the columns here are ${[...names()].slice(0, 20).join(", ")}`,
          );
        }
        const place = places.get(node.name) ?? places.size;
        places.set(node.name, place);
        return {
          ...column,
          inexact: false,
          emit: (_g, columns) => columns[place]!,
          evaluate: (columns) => columns[place]!,
        };
      }
      case "call":
        return call(node);
    }
  };
  const call = (node: Expression & { kind: "call" }): Part => {
    const found = expressionFunctions.get(node.name);
    if (!found) {
      const near = nearest(node.name, expressionFunctions.keys());
      throw new ExpressionProblem(
        `there is no function \`${node.name}\`${near === undefined ? "" : `, did you mean \`${near}\`?`}`,
        node.at,
        "`ingot steps compute` lists them",
      );
    }
    const args = typedArguments(node, part);
    const type = found.type(args.map((arg) => arg.type));
    if (typeof type === "object")
      throw new ExpressionProblem(`\`${node.name}\` ${type.problem}`.replace(/^`(.*?)` `\1`/, "`$1`"), node.at);
    if (node.name === "matches") return matching(node, args);
    return called(found, args, type);
  };
  const tree = parseExpression(source);
  const whole = part(tree);
  return { ...whole, columns: [...places.keys()], form: formOf(tree, places) };
}

/** The tree without positions, columns by their places. */
function formOf(node: Expression, places: ReadonlyMap<string, number>): string {
  if (node.kind === "column") return `#${places.get(node.name)}`;
  if (node.kind === "call") return `${node.name}(${node.args.map((arg) => formOf(arg, places)).join()})`;
  return node.kind === "null" ? "null" : Object.is(node.value, -0) ? "-0" : JSON.stringify(node.value);
}

/** `null` takes the type of the values beside it. */
function typedArguments(node: Expression & { kind: "call" }, part: (node: Expression) => Part): Part[] {
  const known = node.args.map((arg) => (arg.kind === "null" ? null : part(arg)));
  const beside = known.findLast((arg) => arg !== null && arg.type !== "truth");
  return known.map((arg, at): Part => {
    if (arg) return arg;
    if (!beside || !["if", "coalesce", "??"].includes(node.name))
      throw new ExpressionProblem(
        "`null` has no place here",
        node.args[at]!.at,
        "`missing(x)` asks whether a value is missing",
      );
    return { ...constant(beside.type === "text" ? missingText : Number.NaN), missing: true };
  });
}

function constant(value: Scalar): Part {
  const type: ValueType = typeof value === "number" ? "number" : typeof value === "string" ? "text" : "truth";
  return {
    type,
    missing: false,
    inexact: false,
    constant: value,
    emit: (g) => emitScalar(g, value),
    evaluate: () => value,
  };
}

function called(found: ExpressionFunction, args: readonly Part[], type: ValueType): Part {
  // What depends on no column is computed now.
  if (args.every((arg) => arg.constant !== undefined)) {
    const value = found.evaluate(args.map((arg) => arg.constant!));
    const isMissing = value === missingText || (typeof value === "number" && Number.isNaN(value));
    return { ...constant(value), type, missing: isMissing };
  }
  const fills = found.name === "??" || found.name === "coalesce";
  const missing =
    type !== "truth" &&
    (found.canMiss === true || (fills ? args.every((arg) => arg.missing) : args.some((arg) => arg.missing)));
  return {
    type,
    missing,
    inexact: found.inexact === true || args.some((arg) => arg.inexact),
    emit: (g, columns) =>
      found.emit(
        g,
        args.map((arg) => arg.emit(g, columns)),
      ),
    evaluate: (columns) => found.evaluate(args.map((arg) => arg.evaluate(columns))),
  };
}

function matching(node: Expression & { kind: "call" }, [value, pattern]: readonly Part[]): Part {
  const text = pattern!.constant;
  const at = node.args[1]!.at;
  if (typeof text !== "string") throw new ExpressionProblem("the pattern of `matches` must be a text", at);
  const unbounded = text.match(/[^\\][*+]|,\}/g)?.length ?? 0;
  if (!plainPattern.test(text) || unbounded > 2)
    throw new ExpressionProblem(
      `the pattern ${JSON.stringify(text)} is not among those that every runtime reads alike`,
      at,
      "use letters, classes like [0-9] or [^,], `*`, `+`, `?`, `{2,3}` and `|`, with at most two `*` or `+`",
    );
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${text})$`, "u");
  } catch {
    throw new ExpressionProblem(`${JSON.stringify(text)} is no pattern`, at);
  }
  return {
    type: "truth",
    missing: false,
    inexact: false,
    emit: (g, columns) => g.op("RegexFullMatch", [value!.emit(g, columns)], { pattern: text }),
    evaluate: (columns) => expression.test(String(value!.evaluate(columns))),
  };
}
