// `--runtime`, as several commands take it.
import { IngotError } from "../core/index.ts";
import type { RuntimeName } from "../runtime/index.ts";

const runtimes: readonly RuntimeName[] = ["native", "wasm", "micro"];

/** @throws IngotError USAGE */
export function runtimeOf(text: string | undefined): RuntimeName | undefined {
  if (text === undefined) return undefined;
  const found = runtimes.find((name) => name === text);
  if (found) return found;
  throw new IngotError("USAGE", {
    what: `there is no runtime \`${text}\``,
    where: "--runtime",
    fix: `one of ${runtimes.join(", ")}`,
  });
}
