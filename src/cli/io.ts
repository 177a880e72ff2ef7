// What a command may touch of the outside world: results on stdout, everything else on stderr.
import { homedir } from "node:os";
import path from "node:path";
import type { Store } from "../oci/index.ts";
import { visible } from "./visible.ts";

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
      const text = options.json ? jsonText(data) : render();
      if (text !== "") process.stdout.write(`${visible(text)}\n`);
    },
    async line(text) {
      if (!process.stdout.write(`${visible(text)}\n`))
        await new Promise((resolve) => process.stdout.once("drain", resolve));
    },
    note(text) {
      if (!options.quiet && !options.json) process.stderr.write(`${visible(text)}\n`);
    },
    async openStore() {
      const { Store } = await import("./store.ts");
      return Store.open(path.join(home, "store"));
    },
  };
}

/** Indented JSON with the number rules of the HTTP API: NaN and infinities as words, long integers as digits, -0 as -0. */
export function jsonText(data: unknown): string {
  return JSON.stringify(
    data,
    (_key, value: unknown) => {
      if (typeof value === "bigint") return rawJson(String(value));
      if (typeof value !== "number") return value;
      if (!Number.isFinite(value)) return String(value);
      return Object.is(value, -0) ? rawJson("-0") : value;
    },
    2,
  );
}

/** JSON.rawJSON (Node 22 and later), which TypeScript's library does not know yet. */
const rawJson = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
