// Words to typed arguments, and the usage errors that say what to type instead.
import { IngotError, nearest } from "../core/index.ts";
import type { Argument, Command } from "./command.ts";

/** Options that every command takes. */
export const globalOptions = {
  json: "print one JSON document on stdout and nothing else",
  quiet: "print results and errors only",
  help: "show this help",
} as const;

export interface ParsedArguments {
  readonly values: Record<string, unknown>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly help: boolean;
}

export function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** @throws IngotError USAGE */
export function parseArguments(command: Command, words: readonly string[]): ParsedArguments {
  const entries = Object.entries(command.args);
  const optionEntries = entries.filter(([, arg]) => arg.kind === "flag" || arg.kind === "value");
  const keyOf = new Map(optionEntries.map(([key]) => [optionName(key), key]));
  // An `import` of the module reads every name of it: 3 ms before each command.
  const { tokens } = process.getBuiltinModule("node:util").parseArgs({
    args: [...words],
    options: {
      ...Object.fromEntries(optionEntries.map(([key, arg]) => [optionName(key), optionShape(arg)])),
      json: { type: "boolean" },
      quiet: { type: "boolean", short: "q" },
      help: { type: "boolean", short: "h" },
    },
    strict: false,
    tokens: true,
  });

  const values: Record<string, unknown> = {};
  for (const [key, arg] of entries)
    values[key] = arg.kind === "flag" ? false : arg.kind === "rest" || arg.isRepeated ? [] : undefined;
  const globals = { json: false, quiet: false, help: false };
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    if (token.name in globals) {
      globals[token.name as keyof typeof globals] = true;
      continue;
    }
    const key = keyOf.get(token.name);
    if (key === undefined) throw unknownOption(command, token.rawName, [...keyOf.keys(), ...Object.keys(globals)]);
    const arg = command.args[key]!;
    if (arg.kind === "value" && token.value === undefined)
      throw usage(command, `\`${token.rawName}\` needs a value: \`${token.rawName} <${arg.placeholder}>\``);
    if (arg.kind === "flag" && token.value !== undefined)
      throw usage(command, `\`${token.rawName}\` takes no value, got \`${token.value}\``);
    const parsed = arg.parse(token.value ?? "", token.rawName);
    values[key] = arg.isRepeated ? [...(values[key] as unknown[]), ...(parsed as unknown[])] : parsed;
  }
  if (globals.help) return { values, ...globals };

  // As a rule a variable of the shell that is not set; as a path it would be the folder one stands in.
  if (positionals.includes("")) throw usage(command, "an argument is empty");
  for (const [key, arg] of entries) {
    if (arg.kind === "positional") {
      const word = positionals.shift();
      if (word !== undefined) values[key] = arg.parse(word, key);
      else if (!arg.optional) throw usage(command, `<${optionName(key)}> is missing: ${arg.about}`);
    } else if (arg.kind === "rest") {
      values[key] = positionals.splice(0);
    }
  }
  if (positionals.length > 0) throw usage(command, `unexpected \`${positionals[0]}\``);
  return { values, ...globals };
}

function optionShape(arg: Argument<unknown>) {
  const type = arg.kind === "flag" ? ("boolean" as const) : ("string" as const);
  return arg.short === undefined ? { type } : { type, short: arg.short };
}

function unknownOption(command: Command, raw: string, known: readonly string[]): IngotError {
  const near = nearest(raw.replace(/^-+/, ""), known);
  return usage(command, `unknown option \`${raw}\`${near ? `, did you mean \`--${near}\`?` : ""}`);
}

function usage(command: Command, what: string): IngotError {
  return new IngotError("USAGE", {
    what,
    where: `ingot ${command.name}`,
    fix: `see \`ingot ${command.name} --help\``,
  });
}
