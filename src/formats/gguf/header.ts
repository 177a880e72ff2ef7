// The header of a GGUF file: metadata and where the tensors lie. Rule: ggml/docs/gguf.md; versions 1 to 3, both byte orders.
import { ByteReader, IngotError, quoted } from "../../core/index.ts";

export type GgufValue = number | bigint | boolean | string | GgufArray;

/** Only the beginning of an array is kept: a vocabulary has hundreds of thousands of words. */
export interface GgufArray {
  readonly type: string;
  readonly length: number;
  readonly first: readonly GgufValue[];
}

export interface GgufTensorInfo {
  readonly name: string;
  readonly shape: readonly bigint[];
  readonly type: number;
  /** From the start of the data. */
  readonly offset: bigint;
}

export interface GgufHeader {
  readonly version: number;
  readonly littleEndian: boolean;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly duplicates: readonly string[];
  readonly tensors: readonly GgufTensorInfo[];
  /** Where the header ends, before the padding. */
  readonly end: number;
}

const keptItems = 16;
const deepestArray = 8;
const largestName = 65_535;
const types = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float32",
  "bool",
  "string",
  "array",
  "uint64",
  "int64",
  "float64",
];
const fixedSizes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

/**
 * Reads from the bytes at the start of a file of `fileSize` bytes.
 * @throws FILE_TRUNCATED where `bytes` end before the header does, FILE_MALFORMED, MODEL_UNSUPPORTED (version)
 */
export function readGgufHeader(bytes: Uint8Array, source: string, fileSize: number): GgufHeader {
  return new HeaderReader(new ByteReader(bytes, source, 4), fileSize).read();
}

class HeaderReader {
  private readonly reader: ByteReader;
  private readonly fileSize: number;
  private littleEndian = true;
  private version = 0;

  constructor(reader: ByteReader, fileSize: number) {
    this.reader = reader;
    this.fileSize = fileSize;
  }

  read(): GgufHeader {
    this.version = this.reader.u32(true);
    if ((this.version & 0xffff) === 0) {
      this.littleEndian = false;
      this.reader.offset -= 4;
      this.version = this.reader.u32(false);
    }
    if (this.version < 1 || this.version > 3)
      throw new IngotError("MODEL_UNSUPPORTED", {
        what: `GGUF version ${this.version} is not known, versions 1 to 3 are`,
        where: this.reader.source,
        fix: "convert the model with a current llama.cpp",
      });
    // The least a tensor takes: name, number of sizes, type, offset; the least a pair takes: name, type, one byte.
    const tensorCount = this.count("tensors", this.version === 1 ? 20 : 24);
    const pairCount = this.count("metadata entries", this.version === 1 ? 9 : 13);
    const metadata = new Map<string, GgufValue>();
    const duplicates: string[] = [];
    for (let i = 0; i < pairCount; i++) {
      const key = this.string(largestName);
      if (metadata.has(key)) duplicates.push(key);
      metadata.set(key, this.value(this.reader.u32(this.littleEndian), 0));
    }
    const tensors: GgufTensorInfo[] = [];
    const names = new Set<string>();
    for (let i = 0; i < tensorCount; i++) {
      const tensor = this.tensor();
      if (names.has(tensor.name)) duplicates.push(tensor.name);
      names.add(tensor.name);
      tensors.push(tensor);
    }
    const { version, littleEndian } = this;
    return { version, littleEndian, metadata, duplicates, tensors, end: this.reader.offset };
  }

  private tensor(): GgufTensorInfo {
    const name = this.string(largestName);
    const dims = this.reader.u32(this.littleEndian);
    if (dims > 8) throw this.malformed(`tensor ${quoted(name)} has ${dims} dimensions`);
    const shape = Array.from({ length: dims }, () => this.long());
    const type = this.reader.u32(this.littleEndian);
    return { name, shape, type, offset: this.reader.u64(this.littleEndian) };
  }

  private value(type: number, depth: number): GgufValue {
    const le = this.littleEndian;
    switch (types[type]) {
      case "uint8":
        return this.reader.u8();
      case "int8":
        return this.reader.i8();
      case "uint16":
        return this.reader.u16(le);
      case "int16":
        return this.reader.i16(le);
      case "uint32":
        return this.reader.u32(le);
      case "int32":
        return this.reader.i32(le);
      case "float32":
        return this.reader.f32(le);
      case "float64":
        return this.reader.f64(le);
      case "uint64":
        return this.reader.u64(le);
      case "int64":
        return this.reader.i64(le);
      case "bool":
        return this.bool();
      case "string":
        return this.string();
      case "array":
        return this.array(depth + 1);
      default:
        throw this.malformed(`a value has the unknown type ${type}`);
    }
  }

  private array(depth: number): GgufArray {
    if (depth > deepestArray) throw this.malformed(`arrays are nested deeper than ${deepestArray}`);
    const type = this.reader.u32(this.littleEndian);
    const size = fixedSizes[type];
    if (size === undefined) throw this.malformed(`an array is of the unknown type ${type}`);
    const length = this.count("items of an array", size || (this.version === 1 ? 4 : 8));
    const first: GgufValue[] = [];
    if (size > 0) {
      const end = this.reader.offset + length * size;
      for (let i = 0; i < Math.min(length, keptItems); i++) first.push(this.value(type, depth));
      this.reader.take(end - this.reader.offset);
    } else
      for (let i = 0; i < length; i++) {
        if (i >= keptItems && types[type] === "string") this.reader.take(this.length());
        else {
          const item = this.value(type, depth);
          if (i < keptItems) first.push(item);
        }
      }
    return { type: types[type]!, length, first };
  }

  private bool(): boolean {
    const byte = this.reader.u8();
    if (byte > 1) throw this.malformed(`a boolean is ${byte}`);
    return byte === 1;
  }

  private string(limit = this.fileSize): string {
    const length = this.length();
    if (length > limit) throw this.malformed(`a name of ${length} bytes`);
    // Words of vocabularies may be parts of characters.
    return Buffer.from(this.reader.take(length)).toString("utf8");
  }

  private length(): number {
    return this.count("bytes of a text", 1);
  }

  /** A count of things that each take at least `least` bytes of what is left of the file. */
  private count(what: string, least: number): number {
    const at = this.reader.offset;
    const count = this.long();
    const left = BigInt(Math.max(0, this.fileSize - this.reader.offset));
    if (count * BigInt(least) > left) {
      this.reader.offset = at;
      throw this.malformed(`claims ${count} ${what}, ${left} bytes are left`);
    }
    return Number(count);
  }

  private long(): bigint {
    return this.version === 1 ? BigInt(this.reader.u32(this.littleEndian)) : this.reader.u64(this.littleEndian);
  }

  private malformed(what: string): IngotError {
    return new IngotError("FILE_MALFORMED", {
      what: `GGUF header: ${what}`,
      where: this.reader.where(),
      fix: "do not load it; download or convert the model again",
    });
  }
}
