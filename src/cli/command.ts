// What a command is: a name, typed arguments, one function. `commands/index.ts` is the table.
import type { CommandIo } from "./io.ts";

interface ArgumentSpec<T> {
  readonly kind: "positional" | "rest" | "flag" | "value";
  readonly about: string;
  /** Shown in usage for values: `--port <number>`. */
  readonly placeholder?: string;
  readonly optional: boolean;
  /** One-letter form: `-o`. */
  readonly short?: string;
  /** May be given again; the value is the list of all. */
  readonly isRepeated?: boolean;
  /** Text to value. @throws IngotError USAGE */
  readonly parse: (text: string, name: string) => T;
}

export type Argument<T> = ArgumentSpec<T> & { readonly type?: T };

type Values<A extends Record<string, Argument<unknown>>> = {
  readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never;
};

export interface Command {
  readonly name: string;
  readonly about: string;
  readonly examples: readonly string[];
  readonly args: Record<string, Argument<unknown>>;
  /** @returns the exit status; undefined means 0 */
  readonly run: (args: never, io: CommandIo) => Promise<number | undefined>;
}

/** Ties the types of `args` to `run`. Option names are the keys in kebab-case. */
export function command<A extends Record<string, Argument<unknown>>>(definition: {
  name: string;
  about: string;
  examples: readonly string[];
  args: A;
  run: (args: Values<A>, io: CommandIo) => Promise<number | undefined> | Promise<void>;
}): Command {
  return definition as unknown as Command;
}

const text = (value: string) => value;

export function positional(about: string): Argument<string> {
  return { kind: "positional", about, optional: false, parse: text };
}

export function optionalPositional(about: string): Argument<string | undefined> {
  return { kind: "positional", about, optional: true, parse: text };
}

/** Every word that is left. */
export function rest(about: string): Argument<readonly string[]> {
  return { kind: "rest", about, optional: true, parse: (value) => [value] };
}

export function flag(about: string): Argument<boolean> {
  return { kind: "flag", about, optional: true, parse: () => true };
}

/** An option that may be given several times. */
export function values(placeholder: string, about: string): Argument<readonly string[]> {
  return { kind: "value", placeholder, about, optional: true, isRepeated: true, parse: (value) => [value] };
}

export function value(placeholder: string, about: string, short?: string): Argument<string | undefined> {
  return { kind: "value", placeholder, about, optional: true, parse: text, ...(short ? { short } : {}) };
}
