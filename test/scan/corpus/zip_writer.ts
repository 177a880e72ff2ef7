// Zip files whose two headers can be made to disagree.
import { crc32, deflateRawSync } from "node:zlib";
import { latin1, u32 } from "./sample.ts";

export interface ZipMember {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly deflate?: boolean;
  /** What the local header says instead. */
  readonly local?: { name?: string; flags?: number; crc?: number; size?: number };
  /** What the central directory says instead. */
  readonly central?: { flags?: number; crc?: number; size?: number; mode?: number; offset?: number; method?: number };
}

function u16(value: number): Buffer {
  return Buffer.from([value & 255, value >> 8]);
}

export function zip(
  members: readonly ZipMember[],
  options: { prefix?: Uint8Array; suffix?: Uint8Array; gap?: Uint8Array } = {},
): Buffer {
  const parts: Uint8Array[] = [options.prefix ?? new Uint8Array(0)];
  let at = parts[0]!.length;
  const put = (...bytes: Uint8Array[]) => {
    for (const part of bytes) {
      parts.push(part);
      at += part.length;
    }
  };
  const directory: Buffer[] = [];
  for (const { name, bytes, deflate, local = {}, central = {} } of members) {
    const data = deflate ? deflateRawSync(bytes) : bytes;
    const method = deflate ? 8 : 0;
    const crc = crc32(bytes);
    const offset = at;
    const localName = latin1(local.name ?? name);
    put(
      latin1("PK\x03\x04"),
      u16(20),
      u16(local.flags ?? 0),
      u16(method),
      u32(0),
      u32(local.crc ?? crc),
      u32(data.length),
      u32(local.size ?? bytes.length),
      u16(localName.length),
      u16(0),
      localName,
      data,
    );
    directory.push(
      Buffer.concat([
        latin1("PK\x01\x02"),
        u16(0x0314),
        u16(20),
        u16(central.flags ?? 0),
        u16(central.method ?? method),
        u32(0),
        u32(central.crc ?? crc),
        u32(data.length),
        u32(central.size ?? bytes.length),
        u16(name.length),
        u16(0),
        u16(0),
        u16(0),
        u16(0),
        u32(((central.mode ?? 0o100644) << 16) >>> 0),
        u32(central.offset ?? offset),
        latin1(name),
      ]),
    );
    if (options.gap) put(options.gap);
  }
  const start = at;
  put(...directory);
  put(
    latin1("PK\x05\x06"),
    u16(0),
    u16(0),
    u16(members.length),
    u16(members.length),
    u32(at - start),
    u32(start),
    u16(0),
  );
  return Buffer.concat([...parts, options.suffix ?? new Uint8Array(0)]);
}

export function tar(entries: readonly { name: string; bytes?: Uint8Array; type?: string; link?: string }[]): Buffer {
  const blocks = entries.flatMap(({ name, bytes = new Uint8Array(0), type = "0", link = "" }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, "latin1");
    header.write("0000644\0" + "0000000\0" + "0000000\0", 100, "latin1");
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124, "latin1");
    header.write("00000000000\0        ", 136, "latin1");
    header.write(type, 156, "latin1");
    header.write(link, 157, "latin1");
    header.write("ustar\x0000", 257, "latin1");
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
