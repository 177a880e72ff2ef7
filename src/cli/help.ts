// What `--help` prints.
import { globalOptions, optionName } from "./arguments.ts";
import type { Argument, Command } from "./command.ts";

export function overview(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    `ingot ${version}: from a trained model to a package that runs, with the same numbers everywhere`,
    "",
    "Usage: ingot <command> [arguments]",
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.about}`),
    "",
    "Everywhere: --json, --quiet, --help. `ingot <command> --help` shows its arguments and examples, `ingot --version` the version.",
    "Exit status: 0 done, 1 the answer is no, 2 usage, 3 refused input, 4 not found, 5 network, 70 a bug in Ingot.",
    "Packages are kept in $INGOT_HOME/store (default ~/.ingot/store).",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const entries = Object.entries(command.args);
  const positionals = entries.filter(([, arg]) => arg.kind === "positional" || arg.kind === "rest");
  const options = entries.filter(([, arg]) => arg.kind === "flag" || arg.kind === "value");
  const rows: [string, string][] = [
    ...positionals.map(([key, arg]): [string, string] => [positionalForm(key, arg), arg.about]),
    ...options.map(([key, arg]): [string, string] => [optionForm(key, arg), arg.about]),
    ...Object.entries(globalOptions).map(([key, about]): [string, string] => [`    --${key}`, about]),
  ];
  const width = Math.max(...rows.map(([form]) => form.length));
  return [
    `ingot ${command.name}: ${command.about}`,
    "",
    `Usage: ingot ${[command.name, ...positionals.map(([key, arg]) => positionalForm(key, arg))].join(" ")}${options.length > 0 ? " [options]" : ""}`,
    "",
    ...rows.map(([form, about]) => `  ${form.padEnd(width)}  ${about}`),
    "",
    command.examples.length > 1 ? "Examples:" : "Example:",
    ...command.examples.map((example) => `  ${example}`),
  ].join("\n");
}

function positionalForm(key: string, arg: Argument<unknown>): string {
  const name = optionName(key);
  if (arg.kind === "rest") return `[${name} …]`;
  return arg.optional ? `[${name}]` : `<${name}>`;
}

function optionForm(key: string, arg: Argument<unknown>): string {
  const long = `--${optionName(key)}${arg.kind === "value" ? ` <${arg.placeholder}>` : ""}`;
  return arg.short ? `-${arg.short}, ${long}` : `    ${long}`;
}
