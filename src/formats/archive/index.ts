// archive: what holds files. A container lists its members and opens them one by one; nothing is unpacked to where it says.
import { type Soon, soon } from "../../core/index.ts";
import type { OpenFile } from "../source.ts";
import type { Container } from "../tree.ts";
import { sevenZip } from "./seven_zip.ts";
import { tar } from "./tar.ts";
import { zip } from "./zip.ts";

export { openFolder } from "./folder.ts";
export { windowOf } from "./window.ts";

export const containers: readonly Container[] = [zip, tar, sevenZip];

/** A member of a zip stands first; asked where nothing is a zip by its end. */
export function isCutZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

const edge = 64 * 1024 + 22;

/** Containers that a file is, by its first and last bytes. */
export function containersOf(file: OpenFile, head: Uint8Array): Soon<Container[]> {
  const tail = file.size <= head.length ? head : file.read(Math.max(0, file.size - edge), file.size);
  return soon(tail, (bytes) => containersBetween(file, head, bytes));
}

function containersBetween(file: OpenFile, head: Uint8Array, tail: Uint8Array): Container[] {
  // A tar may end with a zip: what is in it and behind it is looked at as its members.
  if (tar.detect(head, file.size, tail)) return [tar];
  return containers.filter((container) => container.detect(head, file.size, tail));
}
