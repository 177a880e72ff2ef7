// Memory of a server with all of its processes, from /proc.
import { readdirSync, readFileSync } from "node:fs";

/** MiB. */
export interface Memory {
  /** In memory: what is its own, and the pages of the files that it maps, however many others map them too. */
  readonly resident: number;
  /** Of that what the system cannot take back: pages that are in no file. */
  readonly anonymous: number;
}

/** The process and its descendants. */
export function family(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = textOf(`/proc/${entry}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (Number.isInteger(parent)) parents.set(Number(entry), parent);
  }
  const found = [root];
  for (let i = 0; i < found.length; i++) for (const [id, parent] of parents) if (parent === found[i]) found.push(id);
  return found;
}

/**
 * A page counts once, however many of the family's processes share it: pages in no file by their share (Pss, they are shared with nobody
 * else), pages of a file as often as the process that has most of them. NaN where /proc does not tell.
 */
export function memoryOf(root: number): Memory {
  let anonymous = 0;
  const files = new Map<string, number>();
  for (const id of family(root)) {
    anonymous +=
      kib(textOf(`/proc/${id}/smaps_rollup`), "Pss_Anon") + kib(textOf(`/proc/${id}/smaps_rollup`), "Pss_Shmem");
    const own = new Map<string, number>();
    for (const mapping of textOf(`/proc/${id}/smaps`).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
      const [, device, inode] = /^\S+ \S+ \S+ (\S+) (\d+)/.exec(mapping) ?? [];
      if (inode === undefined || inode === "0") continue;
      const file = `${device} ${inode}`;
      own.set(file, (own.get(file) ?? 0) + kib(mapping, "Rss") - kib(mapping, "Anonymous"));
    }
    for (const [file, size] of own) files.set(file, Math.max(files.get(file) ?? 0, size));
  }
  const mapped = [...files.values()].reduce((sum, size) => sum + size, 0);
  return { resident: (anonymous + mapped) / 1024, anonymous: anonymous / 1024 };
}

function kib(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process ended meanwhile, or the machine has no /proc.
    return "";
  }
}
