// How fast whole scans are, from start to exit, and how much memory they take.
import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { memoryFile, readPickle, walkPickle } from "../../src/formats/index.ts";
import { commands, duration, functions, markdown, type Sample } from "../measure.ts";

const small = 1000;
const largestSmall = 64 * 1024;
const largeBytes = 2 ** 31;

interface Programs {
  readonly ingot: string;
  readonly python: string;
}

/** `ingot`, `modelscan`, `picklescan` on one path; whatever they answer counts as done. */
function whole({ ingot, python }: Programs, target: string): Record<string, string[]> {
  const bin = path.dirname(python);
  const quiet = (command: string) => ["sh", "-c", `${command} >/dev/null 2>&1; true`];
  return {
    ingot: quiet(`"${process.execPath}" "${ingot}" scan "${target}"`),
    picklescan: quiet(`"${bin}/picklescan" -p "${target}"`),
    modelscan: quiet(`"${bin}/modelscan" -p "${target}"`),
  };
}

/** Real pickles, arrays and checkpoints of at most 64 KiB, in turn, until there are a thousand. */
export function compareSmallFiles(work: string, programs: Programs, runs: number): string {
  const folder = path.join(work, "small");
  mkdirSync(folder);
  const honest = path.join(work, "honest");
  const names = readdirSync(honest).filter(
    (name) => /\.(pkl|joblib|npy|npz|pt|pth)$/.test(name) && statSync(path.join(honest, name)).size <= largestSmall,
  );
  for (let i = 0; i < small; i++) {
    const name = names[i % names.length]!;
    copyFileSync(path.join(honest, name), path.join(folder, `${String(i).padStart(4, "0")}-${name}`));
  }
  const script = path.join(import.meta.dirname, "judge.py");
  const table = {
    ...whole(programs, folder),
    fickling: ["sh", "-c", `"${programs.python}" "${script}" fickling "${folder}" >/dev/null 2>&1; true`],
  };
  const times = commands(table, runs);
  return `${small} small files, whole process (fickling has no folders: one process that calls it for each):\n\n${timeTable(times)}`;
}

export async function compareOpcodes(work: string, programs: Programs): Promise<string> {
  const bytes = records(300_000);
  const { opcodes } = readPickle(bytes, "x.pkl");
  const silent = { covered: () => undefined, observe: () => undefined, nested: async () => undefined };
  const walks = await functions({ walk: () => walkPickle(memoryFile(bytes, "x.pkl"), silent) }, 5);
  const target = path.join(work, "records.pkl");
  writeFileSync(target, records(40_000));
  const times = commands(whole(programs, target), 3);
  const speed = (opcodes / walks["walk"]!.minMs / 1000).toFixed(0);
  return [
    `One pickle of ${(opcodes / 1e6).toFixed(0)} million opcodes walked with the whole stack model: ${speed} million opcodes/s (the best of five walks).`,
    "",
    `One pickle of ${((opcodes / 1e6) * (40 / 300)).toFixed(1)} million opcodes, whole process:`,
    "",
    timeTable(times),
  ].join("\n");
}

/** A safetensors file (sparse on disk) and a joblib file of two gibibytes: payloads are sought over. */
export function compareLargeFiles(work: string, programs: Programs): string {
  const tensors = path.join(work, "large.safetensors");
  const header = Buffer.from(
    JSON.stringify({ weight: { dtype: "F32", shape: [largeBytes / 4096, 1024], data_offsets: [0, largeBytes] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = openSync(tensors, "w");
  writeSync(file, Buffer.concat([length, header]));
  ftruncateSync(file, 8 + header.length + largeBytes);
  closeSync(file);
  const joblib = path.join(work, "large.joblib");
  execFileSync(programs.python, [
    "-c",
    `import joblib, numpy; joblib.dump({"weight": numpy.zeros((${largeBytes / 8192}, 1024)), "name": "zeros"}, ${JSON.stringify(joblib)})`,
  ]);
  const rows: string[][] = [
    ["", "size", "ingot", "ingot, throughput", "ingot, peak memory", "picklescan", "modelscan"],
  ];
  for (const target of [tensors, joblib]) {
    const times = commands(whole(programs, target), 3);
    const { size } = statSync(target);
    const ours = times["ingot"]!;
    rows.push([
      path.basename(target),
      `${(size / 2 ** 30).toFixed(1)} GiB`,
      duration(ours.ms),
      `${(size / ours.ms / 1e6).toFixed(1)} GB/s`,
      `${ours.peakMiB.toFixed(0)} MiB`,
      ...["picklescan", "modelscan"].map(
        (tool) => `${duration(times[tool]!.ms)}, ${times[tool]!.peakMiB.toFixed(0)} MiB`,
      ),
    ]);
  }
  return `Large files, whole process:\n\n${markdown(rows)}`;
}

function timeTable(times: Readonly<Record<string, Sample>>): string {
  const ours = times["ingot"]!.ms;
  return markdown([
    ["", "time", "against ingot", "peak memory"],
    ...Object.entries(times).map(([name, sample]) => [
      name,
      duration(sample.ms),
      name === "ingot" ? "" : `${(sample.ms / ours).toFixed(1)} ×`,
      Number.isNaN(sample.peakMiB) ? "" : `${sample.peakMiB.toFixed(0)} MiB`,
    ]),
  ]);
}

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
