// How fast a project becomes a package: a small model in process, and a very large file against plain hashing.
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Store } from "../src/oci/index.ts";
import { openPackage, pack } from "../src/package/index.ts";
import { commands, duration, functions, markdown } from "./measure.ts";

const root = path.join(import.meta.dirname, "..");
const work = mkdtempSync(path.join(tmpdir(), "ingot-bench-pack-"));
try {
  const small = copyOfDemo("small");
  const store = await Store.open(path.join(work, "store"));
  const results = await functions({
    pack: async () => {
      rmSync(store.folder, { recursive: true, force: true });
      await pack(small, store);
    },
    check: () => pack(small, store, { check: true }),
    open: () => openPackage("flight-delay", store),
  });
  const modelSize = statSync(path.join(small, "delay.txt")).size;

  const gigabytes = Number(process.env["BENCH_GIGABYTES"] ?? 10);
  const large = copyOfDemo("large");
  writeFileSync(path.join(large, "weights.bin"), "");
  truncateSync(path.join(large, "weights.bin"), gigabytes * 1e9);
  const yaml = path.join(large, "ingot.yaml");
  writeFileSync(yaml, readFileSync(yaml, "utf8").replace("files: [", "files: [weights.bin, "));
  const file = path.join(large, "weights.bin");
  process.env["INGOT_HOME"] = path.join(work, "home");
  const runs = commands(
    {
      pack: [process.execPath, path.join(root, "bin", "ingot.mjs"), "pack", large, "--force"],
      sha256sum: ["sha256sum", file],
      openssl: ["openssl", "dgst", "-sha256", file],
    },
    2,
  );
  const speed = (ms: number) => `${(gigabytes / (ms / 1000)).toFixed(2)} GB/s`;
  const peak = (mib: number) => `${Math.round(mib)} MiB`;
  console.log(
    [
      "## Packing",
      "",
      `A LightGBM model of ${(modelSize / 1e6).toFixed(2)} MB with 200 examples, in process (goal: 300 ms for 1 MB). Packing reads, converts, runs`,
      "the examples on three runtimes and writes durably; opening verifies every digest.",
      "",
      markdown([
        ["", "median", "range"],
        ...Object.entries(results).map(([name, found]) => [
          name,
          duration(found.ms),
          `${duration(found.minMs)} – ${duration(found.maxMs)}`,
        ]),
      ]),
      "",
      `A project with a sparse file of ${gigabytes} GB, whole process (goal: 0.9 × \`sha256sum\`, 200 MiB). What \`sha256sum\` reaches depends on how`,
      "it was built; OpenSSL uses the processor's own SHA instructions, as Ingot does.",
      "",
      markdown([
        ["", "time", "speed", "peak memory"],
        ...Object.entries(runs).map(([name, found]) => [
          name,
          duration(found.ms),
          speed(found.ms),
          peak(found.peakMiB),
        ]),
      ]),
      "",
      `Pack is ${(runs["sha256sum"]!.ms / runs["pack"]!.ms).toFixed(2)} × as fast as \`sha256sum\`, ${(runs["openssl"]!.ms / runs["pack"]!.ms).toFixed(2)} × as fast as \`openssl dgst\`.`,
    ].join("\n"),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

function copyOfDemo(name: string): string {
  const folder = path.join(work, name);
  cpSync(path.join(root, "demo"), folder, { recursive: true });
  return folder;
}
