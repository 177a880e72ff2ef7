// The command line: find the command, run it, turn errors into three lines and an exit status.
import { IngotError, nearest } from "../core/index.ts";
import "./quiet_sqlite.ts";
import { parseArguments } from "./arguments.ts";
import { commands } from "./commands/index.ts";
import { commandHelp, overview } from "./help.ts";
import { terminalIo } from "./io.ts";
import { exitStatusOf, report } from "./report.ts";
import { version } from "./version.ts";

/** @returns the exit status */
export async function main(words: readonly string[]): Promise<number> {
  const wantsJson = words.includes("--json");
  try {
    return await dispatch(words);
  } catch (error) {
    if (isBrokenPipe(error)) return 0;
    report(error, wantsJson);
    return exitStatusOf(error);
  }
}

/** May stand before the command too. */
const globalFlags: ReadonlySet<string> = new Set(["--json", "--quiet", "-q"]);

async function dispatch(words: readonly string[]): Promise<number> {
  const at = words.findIndex((word) => !globalFlags.has(word));
  const name = words[at];
  const others = words.filter((_, index) => index !== at);
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const asked = name === "help" ? commands.find((command) => command.name === others[0]) : undefined;
    process.stdout.write(`${asked ? commandHelp(asked) : overview(commands, version)}\n`);
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    const near = nearest(
      name,
      commands.map((candidate) => candidate.name),
    );
    throw new IngotError("COMMAND_UNKNOWN", {
      what: `there is no command \`${name}\`${near ? `, did you mean \`${near}\`?` : ""}`,
      fix: "see `ingot --help`",
    });
  }
  const parsed = parseArguments(command, others);
  if (parsed.help) {
    process.stdout.write(`${commandHelp(command)}\n`);
    return 0;
  }
  return (await command.run(parsed.values as never, terminalIo(parsed))) ?? 0;
}

/** The reader of our output left (`ingot ls | head`): not an error. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

process.stdout.on("error", (error) => {
  if (isBrokenPipe(error)) process.exit(0);
  throw error;
});
void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
