// What a command may touch of the outside world: results on stdout, everything else on stderr.
import { homedir } from "node:os";
import path from "node:path";
import type { Store } from "../oci/index.ts";

export interface CommandIo {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly cwd: string;
  /** `$INGOT_HOME`, default `~/.ingot`. */
  readonly home: string;
  /** The result: `data` with --json, else the text that `render` makes of it. */
  result(data: unknown, render: () => string): void;
  /** One line of a stream of results (JSONL); resolves when the reader has taken it. */
  line(text: string): Promise<void>;
  /** Something a person may want to know; stderr, silenced by --quiet and --json. */
  note(text: string): void;
  openStore(): Promise<Store>;
}

export function terminalIo(options: { json: boolean; quiet: boolean }): CommandIo {
  const home = process.env["INGOT_HOME"] || path.join(homedir(), ".ingot");
  return {
    ...options,
    cwd: process.cwd(),
    home,
    result(data, render) {
      const text = options.json ? JSON.stringify(data, plainNumbers, 2) : render();
      if (text !== "") process.stdout.write(`${text}\n`);
    },
    async line(text) {
      if (!process.stdout.write(`${text}\n`)) await new Promise((resolve) => process.stdout.once("drain", resolve));
    },
    note(text) {
      if (!options.quiet && !options.json) process.stderr.write(`${text}\n`);
    },
    async openStore() {
      const { Store } = await import("../oci/index.ts");
      return Store.open(path.join(home, "store"));
    },
  };
}

/** JSON cannot hold NaN and infinities: they travel as strings, as on the HTTP API. */
function plainNumbers(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "bigint") return String(value);
  return value;
}
