// Files of a log: closed when they are large, the oldest removed when all of them are too much. Only files of its own name are touched.
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

const named = /^(predictions|outcomes)-\d{8}T\d{9}Z-\d+-\d+\.(jsonl|parquet)$/;

export class LogFolder {
  readonly folder: string;
  private readonly keepBytes: number;
  private count = 0;

  constructor(folder: string, keepBytes: number) {
    this.folder = folder;
    this.keepBytes = keepBytes;
  }

  /** The path of a new file; its name sorts by time. */
  async next(kind: "predictions" | "outcomes", extension: "jsonl" | "parquet"): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    const time = new Date().toISOString().replace(/[-:.]/g, "");
    return path.join(this.folder, `${kind}-${time}-${process.pid}-${this.count++}.${extension}`);
  }

  /** Removes the oldest files until the rest fits. @param open the one that is being written stays */
  async trim(open: ReadonlySet<string>): Promise<void> {
    const files = await Promise.all(
      (await logFiles(this.folder)).map(async (file) => ({ file, size: (await stat(file)).size })),
    );
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of files) {
      if (total <= this.keepBytes) return;
      if (open.has(file)) continue;
      await rm(file, { force: true });
      total -= size;
    }
  }
}

/** A log's files, oldest first. */
export async function logFiles(folder: string, kind?: "predictions" | "outcomes"): Promise<string[]> {
  const names = (await readdir(folder)).filter(
    (name) => named.test(name) && (kind === undefined || name.startsWith(kind)),
  );
  return names.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).map((name) => path.join(folder, name));
}

function timeOf(name: string): string {
  return name.slice(name.indexOf("-") + 1);
}
