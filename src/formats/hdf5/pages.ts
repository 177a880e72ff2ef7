// Random access to a file through a few pages of it, and a note of what was looked at.
import { ByteReader, IngotError } from "../../core/index.ts";
import type { FileSource } from "../format.ts";

const pageSize = 64 * 1024;
const keptPages = 256;
/** One structure (a heap, an attribute, a chunk) may take this much. */
const largestPart = 64 << 20;

export class Pages {
  readonly file: FileSource;
  /** Ranges of the file that hold structures, for `survey`. */
  readonly seen: [start: number, end: number][] = [];
  private readonly pages = new Map<number, Uint8Array>();
  private parts = 0;

  constructor(file: FileSource) {
    this.file = file;
  }

  /** A structure of `length` bytes. Counts as seen. @throws FILE_TRUNCATED, FILE_TOO_LARGE */
  async part(address: number, length: number, what: string): Promise<ByteReader> {
    // Structures that point at each other in circles must end.
    if (++this.parts > 2_000_000)
      throw new IngotError("FILE_TOO_LARGE", { what: "has more structures than are read", where: this.file.name });
    const bytes = await this.bytes(address, length, what);
    this.seen.push([address, address + length]);
    return new ByteReader(bytes, `${this.file.name}: ${what} at byte ${address}`);
  }

  /** As `part`, of what may end earlier; not counted as seen. */
  async peek(address: number, length: number, what: string): Promise<ByteReader> {
    const bytes = await this.bytes(address, Math.min(length, Math.max(0, this.file.size - address)), what);
    return new ByteReader(bytes, `${this.file.name}: ${what} at byte ${address}`);
  }

  private async bytes(address: number, length: number, what: string): Promise<Uint8Array> {
    if (!(length >= 0) || !(address >= 0) || address + length > this.file.size)
      throw new IngotError("FILE_TRUNCATED", {
        what: `${what} should take ${length} bytes at ${address}, the file holds ${this.file.size}`,
        where: this.file.name,
        fix: "the file is incomplete or damaged: copy or save it again",
      });
    if (length > largestPart)
      throw new IngotError("FILE_TOO_LARGE", { what: `${what} takes ${length} bytes`, where: this.file.name });
    const first = Math.floor(address / pageSize);
    const last = Math.floor((address + Math.max(1, length) - 1) / pageSize);
    if (last - first > 4) return this.file.read(address, address + length);
    if (first === last) {
      const page = await this.page(first);
      const start = address - first * pageSize;
      return page.subarray(start, start + length);
    }
    const bytes = new Uint8Array(length);
    for (let number = first; number <= last; number++) {
      const page = await this.page(number);
      const start = number * pageSize;
      const from = Math.max(address, start);
      const to = Math.min(address + length, start + page.length);
      bytes.set(page.subarray(from - start, to - start), from - address);
    }
    return bytes;
  }

  private async page(number: number): Promise<Uint8Array> {
    const known = this.pages.get(number);
    if (known) return known;
    const page = await this.file.read(number * pageSize, (number + 1) * pageSize);
    if (this.pages.size >= keptPages) this.pages.delete(this.pages.keys().next().value!);
    this.pages.set(number, page);
    return page;
  }
}
