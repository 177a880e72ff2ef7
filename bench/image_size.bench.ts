// What a container of each server weighs, as registries keep and send it: Ingot's own image, and for its peers a minimal Debian with Python and
// what their virtual environments hold. Needs root and mmdebstrap (scripts/ci_tools.sh), and the environments that `npm run bench serving` makes.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { markdown } from "./measure.ts";
import { environmentOf, peers } from "./serving/peers.ts";

const root = path.join(import.meta.dirname, "..");
const suite = "bookworm";
/** As registries hold layers, both ways. */
const compressions = { gzip: ["gzip", "-6"], zstd: ["zstd", "-3", "-q"] } as const;
type Compression = keyof typeof compressions;
type Sizes = Readonly<Record<Compression, number>>;

const work = mkdtempSync(path.join(os.tmpdir(), "ingot-bench-image-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

const base = await debianWithPython();
const own = { gzip: ownImage("gzip"), zstd: ownImage("zstd") };
const rows: string[][] = [
  ["", "gzip: base", "packages", "together", "of Ingot's", "zstd: base", "packages", "together", "of Ingot's"],
  ["**Ingot**: Node, runtime, package", ...cells(null, own)],
];
for (const peer of base === null ? [] : peers) {
  const bin = environmentOf(peer);
  if (bin === null) continue;
  const library = path.join(path.dirname(bin), "lib");
  const python = readdirSync(library).find((name) => name.startsWith("python3"));
  if (python === undefined) continue;
  process.stderr.write(`  ${peer.name}\n`);
  const packages = await packed(path.join(library, python, "site-packages"));
  rows.push([peer.name, ...cells(base, packages)]);
}
process.stdout.write(
  `## Size of images\n\nOf what a registry keeps and sends: layers compressed by gzip (level 6) and by zstd (level 3), all in the same way. Ingot's image is made by \`ingot export --target image\` of the demo's package, without a base. ${
    base === null
      ? "Peers are left out: Debian's packages could not be had here (it needs root, mmdebstrap and a mirror)."
      : `Peers: Debian ${suite} as small as mmdebstrap makes it, with its python3-minimal and certificates, no documentation; and their environment's packages without pip and compiled caches. No model and no code of one's own is in theirs.`
  }\n\n${markdown(rows)}\n`,
);

/** Debian's smallest root with Python; null where it cannot be made. */
async function debianWithPython(): Promise<Sizes | null> {
  const target = path.join(work, "debian.tar");
  const made = spawnSync("mmdebstrap", [
    ...["--quiet", "--variant=minbase", "--include=python3-minimal,ca-certificates"],
    ...["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"],
    ...[suite, target],
  ]);
  if (made.status === 0) return compressed(["cat", target]);
  process.stderr.write(`  no base: ${made.error?.message ?? made.stderr.toString().trim().split("\n").at(-1)}\n`);
  return null;
}

/** A folder as a layer. */
function packed(folder: string): Promise<Sizes> {
  const without = ["__pycache__", "./pip", "./pip-*"].map((name) => `--exclude=${name}`);
  return compressed(["tar", "-C", folder, ...without, "-cf", "-", "."]);
}

async function compressed(command: readonly string[]): Promise<Sizes> {
  return { gzip: await sizeOf(command, compressions.gzip), zstd: await sizeOf(command, compressions.zstd) };
}

/** Bytes that a program writes when it is sent what another one writes. @throws when one of them fails */
async function sizeOf(from: readonly string[], through: readonly string[]): Promise<number> {
  const source = spawn(from[0]!, from.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  const sink = spawn(through[0]!, [...through.slice(1), "-c"], { stdio: [source.stdout, "pipe", "inherit"] });
  let size = 0;
  sink.stdout.on("data", (chunk: Buffer) => {
    size += chunk.byteLength;
  });
  // What it reads is the other program's from here on.
  source.stdout.destroy();
  const ends = await Promise.all([once(source, "close"), once(sink, "close")]);
  ends.forEach(([status], i) => {
    if (status !== 0) throw new Error(`${[from, through][i]!.join(" ")} ended with ${status}`);
  });
  return size;
}

/** Ingot's image of the demo's package. */
function ownImage(compression: Compression): number {
  const env = { ...process.env, INGOT_HOME: path.join(work, "home") };
  const bin = path.join(root, "bin", "ingot.mjs");
  const ingot = (...words: string[]) =>
    JSON.parse(execFileSync(process.execPath, [bin, ...words, "--json"], { env, encoding: "utf8" }));
  if (!existsSync(env.INGOT_HOME)) ingot("pack", path.join(root, "demo"));
  const level = Number(compressions[compression][1].slice(1));
  const output = path.join(work, compression);
  const words = ["export", "flight-delay", "--target", "image", "--output", output];
  const image = ingot(...words, "--compression", `${compression}:${level}`) as { size: number; folder: string };
  const { manifests } = JSON.parse(readFileSync(path.join(image.folder, "index.json"), "utf8"));
  if (manifests.length !== 1) throw new Error("the layout does not hold one image");
  return image.size;
}

function cells(below: Sizes | null, packages: Sizes): string[] {
  return (["gzip", "zstd"] as const).flatMap((compression) => {
    const all = (below?.[compression] ?? 0) + packages[compression];
    return [
      below === null ? "none" : megabytes(below[compression]),
      megabytes(packages[compression]),
      megabytes(all),
      `${(all / own[compression]).toFixed(1)} ×`,
    ];
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
