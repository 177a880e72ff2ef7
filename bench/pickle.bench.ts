// Walking a pickle for the scanner, and reading it: opcodes per second.
import { memoryFile, readPickle, walkPickle } from "../src/formats/index.ts";

/** A list of dicts as Python's pickler writes them with protocol 4, memo and all. */
function records(count: number): Uint8Array {
  const parts: Buffer[] = [Buffer.from([0x80, 4, 0x5d, 0x94, 0x28])];
  for (let i = 0; i < count; i++) {
    const name = Buffer.from(`row${i}`);
    const number = Buffer.alloc(9);
    number[0] = 0x47;
    number.writeDoubleBE(i / 2, 1);
    parts.push(
      Buffer.from("}\x94(\x8c\x02id\x94K\x07\x8c\x04name\x94\x8c", "latin1"),
      Buffer.from([name.length]),
      name,
      Buffer.from("\x94\x8c\x01v\x94]\x94(", "latin1"),
      number,
      Buffer.from("N\x88eu", "latin1"),
    );
  }
  parts.push(Buffer.from("e."));
  return Buffer.concat(parts);
}

const bytes = records(300_000);
const silent = { covered: () => undefined, observe: () => undefined, nested: async () => undefined };

const { opcodes } = readPickle(bytes, "x.pkl");
console.log(`pickle of ${(bytes.length / 1e6).toFixed(0)} MB, ${opcodes} opcodes`);
await measured("survey", () => walkPickle(memoryFile(bytes, "x.pkl"), silent));
await measured("read", () => readPickle(bytes, "x.pkl"));

/** The best of five runs: the machine may be busy. */
async function measured(name: string, run: () => unknown): Promise<void> {
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  const millions = opcodes / best / 1000;
  console.log(`${name}: ${millions.toFixed(1)} million opcodes/s, ${(bytes.length / best / 1000).toFixed(0)} MB/s`);
}
