// What a heap notes of its own free space: looked at so that it counts as explained. Rule: HDF5 File Format Specification, III.J.
import { malformed, signed } from "./messages.ts";
import { address, type Hdf5File, nowhere } from "./superblock.ts";

export async function seeFreeSpace(file: Hdf5File, at: number): Promise<void> {
  if (at === nowhere) return;
  const { offsetSize, lengthSize, base, pages } = file;
  const head = await pages.part(base + at, 18 + 7 * lengthSize + offsetSize, "free space");
  signed(head, "FSHD", "note of free space");
  head.take(1 + 4 * lengthSize + 8 + lengthSize);
  const sections = address(head, offsetSize);
  const used = address(head, lengthSize);
  const size = address(head, lengthSize);
  if (sections === nowhere) return;
  if (used > size) throw malformed(head, "a list of free space that is longer than its place");
  signed(await pages.part(base + sections, size, "free space"), "FSSE", "list of free space");
}
