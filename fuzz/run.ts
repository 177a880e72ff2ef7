// Fuzzing: `node fuzz/run.ts [reader …] [--seconds 60] [--seed 1]` mutates the kept corpus and stops at the first crash,
// writing the input that caused it to fuzz/corpus/<reader>/ so that it is tried first from then on.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { IngotError } from "../src/core/index.ts";
import { mutate, randomSource } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

const folder = import.meta.dirname;
const own = new Set(["run.ts", "mutate.ts", "target.ts", "many_types.ts", "readers.ts"]);

export interface FuzzResult {
  readonly name: string;
  readonly runs: number;
  /** Inputs that the reader accepted. */
  readonly accepted: number;
  readonly crash?: { readonly input: Uint8Array; readonly error: unknown };
}

export async function fuzzTargets(): Promise<FuzzTarget[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !own.has(name));
  return Promise.all(files.sort().map((file) => import(path.join(folder, file)) as Promise<FuzzTarget>));
}

/** The kept inputs of a reader, sorted by name. */
export function corpus(name: string): Uint8Array[] {
  const kept = path.join(folder, "corpus", name);
  if (!existsSync(kept)) return [];
  return readdirSync(kept)
    .sort()
    .map((file) => readFileSync(path.join(kept, file)));
}

/** Tries the corpus as it is, then mutations of it, until `runs` or `seconds` are used up or something crashes. */
export async function fuzz(
  target: FuzzTarget,
  limits: { seed: number; runs?: number; seconds?: number },
): Promise<FuzzResult> {
  const seeds = corpus(target.name);
  if (seeds.length === 0) throw new Error(`fuzz/corpus/${target.name} holds no file`);
  const random = randomSource(limits.seed);
  const end = Date.now() + (limits.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  let runs = 0;
  let accepted = 0;
  const pick = () => seeds[Math.floor(random() * seeds.length)]!;
  while (runs < seeds.length || (runs < (limits.runs ?? Number.POSITIVE_INFINITY) && Date.now() < end)) {
    const input = runs < seeds.length ? seeds[runs]! : mutate(pick(), pick(), random);
    runs++;
    try {
      await target.target(input);
      accepted++;
    } catch (error) {
      if (!(error instanceof IngotError)) return { name: target.name, runs, accepted, crash: { input, error } };
    }
  }
  return { name: target.name, runs, accepted };
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: String(Date.now() % 1e9) },
    },
  });
  for (const target of await fuzzTargets()) {
    if (positionals.length > 0 && !positionals.includes(target.name)) continue;
    const result = await fuzz(target, { seed: Number(values.seed), seconds: Number(values.seconds) });
    console.log(`${result.name}: ${result.runs} inputs, ${result.accepted} accepted, seed ${values.seed}`);
    if (!result.crash) continue;
    const name = `crash-${createHash("sha256").update(result.crash.input).digest("hex").slice(0, 12)}`;
    writeFileSync(path.join(folder, "corpus", result.name, name), result.crash.input);
    console.error(result.crash.error, `\ninput kept as fuzz/corpus/${result.name}/${name}`);
    process.exitCode = 1;
  }
}
