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

  /** Removes the oldest files until the rest fits. What is being written stays. @param open by this process; other writers' newest files stay too */
  async trim(open: ReadonlySet<string>): Promise<void> {
    const files = await Promise.all(
      (await logFiles(this.folder)).map(async (file) => ({ file, size: await sizeOf(file) })),
    );
    const written = new Set([...open, ...othersNewest(files.map(({ file }) => file))]);
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of files) {
      if (total <= this.keepBytes) return;
      if (written.has(file)) continue;
      await rm(file, { force: true });
      total -= size;
    }
  }
}

/** 0 for one that another process has removed meanwhile. */
async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw cause;
  });
  return found?.size ?? 0;
}

/** What other running processes may be writing: their newest file of each kind. */
function othersNewest(files: readonly string[]): string[] {
  const newest = new Map<string, string>();
  for (const file of files) {
    const [, kind, pid] = /^(predictions|outcomes)-[^-]+-(\d+)-\d+\.jsonl$/.exec(path.basename(file)) ?? [];
    if (pid !== undefined && Number(pid) !== process.pid) newest.set(`${kind}-${pid}`, file);
  }
  return [...newest].flatMap(([writer, file]) => (isRunning(Number(writer.split("-")[1])) ? [file] : []));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
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
