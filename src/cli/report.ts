// Errors for the person at the terminal: three lines and an exit status.
import { errorCodes, IngotError } from "../core/index.ts";
import { inOneLine, visible } from "./visible.ts";

/** Prints an error where it belongs: three lines on stderr, or one document on stdout with `--json`. */
export function report(error: unknown, json: boolean): void {
  if (!(error instanceof IngotError)) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const what = error instanceof Error ? error.message : String(error);
    if (json) process.stdout.write(`${visible(JSON.stringify({ error: { code: "INTERNAL", what } }, null, 2))}\n`);
    process.stderr.write(
      `${visible(detail)}\nerror INTERNAL: this is a bug in Ingot: please report it with the lines above\n`,
    );
    return;
  }
  if (json) {
    process.stdout.write(`${visible(JSON.stringify({ error }, null, 2))}\n`);
    return;
  }
  const lines = [`error: ${inOneLine(error.what)}  [${error.code}]`];
  if (error.where) lines.push(`   at: ${inOneLine(error.where)}`);
  if (error.fix) lines.push(`  fix: ${inOneLine(error.fix)}`);
  process.stderr.write(`${lines.join("\n")}\n`);
}

export function exitStatusOf(error: unknown): number {
  return error instanceof IngotError ? error.exitStatus : errorCodes.INTERNAL.exit;
}
