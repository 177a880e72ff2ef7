// What the elements of an HDF5 dataset or attribute are. Rule: HDF5 File Format Specification, IV.A.2.d.
import { ByteReader } from "../../core/index.ts";
import { malformed } from "./messages.ts";

export interface Datatype {
  /** A numpy name where there is one: `float32`, `int64`, `bool`, `string`; else `compound`, `reference` … */
  readonly name: string;
  readonly size: number;
  readonly littleEndian: boolean;
  /** How a value is stored: as it is, or in a global heap. */
  readonly kind: "number" | "text" | "variable text" | "variable" | "other";
}

export function readDatatype(reader: ByteReader, depth = 0): Datatype {
  if (depth > 8) throw malformed(reader, "types are nested too deeply");
  const first = reader.u8();
  const bits = [reader.u8(), reader.u8(), reader.u8()];
  const size = reader.u32(true);
  const littleEndian = (bits[0]! & 1) === 0;
  const type = (name: string, kind: Datatype["kind"] = "other"): Datatype => ({ name, size, littleEndian, kind });
  switch (first & 15) {
    case 0:
      return type(`${bits[0]! & 8 ? "" : "u"}int${size * 8}`, [1, 2, 4, 8].includes(size) ? "number" : "other");
    case 1:
      return floating(reader, type, size);
    case 3:
      return type("string", "text");
    case 4:
      return type(`bits${size * 8}`);
    case 5:
      return type("opaque");
    case 6:
      return type("compound");
    case 7:
      return type("reference");
    case 8: {
      const base = readDatatype(reader, depth + 1);
      const members = bits[0]! | (bits[1]! << 8);
      // How h5py writes booleans.
      return { ...base, name: members === 2 && base.size === 1 ? "bool" : `enum of ${base.name}` };
    }
    case 9:
      return (bits[0]! & 15) === 1 ? type("string", "variable text") : type("sequence", "variable");
    case 10:
      return type("array");
    default:
      return type(`type ${first & 15}`);
  }
}

function floating(
  reader: ByteReader,
  type: (name: string, kind?: Datatype["kind"]) => Datatype,
  size: number,
): Datatype {
  const properties = reader.remaining >= 12 ? new ByteReader(reader.take(12), reader.source) : null;
  const exponentBits = properties?.bytes[5];
  if (size === 2) return type(exponentBits === 8 ? "bfloat16" : "float16");
  if (size === 1) return type(exponentBits === 4 ? "float8e4m3" : "float8e5m2");
  return type(`float${size * 8}`, size === 4 || size === 8 ? "number" : "other");
}

/** The sizes of a dataspace; null where it holds nothing. */
export function readDataspace(reader: ByteReader): readonly number[] | null {
  const version = reader.u8();
  const rank = reader.u8();
  reader.u8();
  const type = reader.u8();
  if (version === 1) reader.take(4);
  else if (version !== 2) throw malformed(reader, `a dataspace of version ${version}`);
  if (rank > 32) throw malformed(reader, `${rank} dimensions`);
  if (version === 2 && type === 2) return null;
  const shape = Array.from({ length: rank }, () => reader.u64(true));
  if (shape.reduce((product, size) => product * size, 1n) > BigInt(Number.MAX_SAFE_INTEGER))
    throw malformed(reader, `a shape of ${shape.join(" × ")}`);
  return shape.map(Number);
}
