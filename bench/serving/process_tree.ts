// Memory of a server with all of its processes, from /proc.
import { readdirSync, readFileSync } from "node:fs";

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

/** MiB that would be free without it: pages shared among its processes count once (Pss). NaN where /proc does not tell. */
export function memoryMiB(root: number): number {
  let kib = 0;
  for (const id of family(root))
    kib += Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${id}/smaps_rollup`))?.[1] ?? Number.NaN);
  return kib / 1024;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process ended meanwhile, or the machine has no /proc.
    return "";
  }
}
