// RIFF: WAV sounds, WebP pictures and AVI films are chunks of a name and a size. Rules: the RIFF MCI specification; RF64: EBU Tech 3306.

/** RIFX is big-endian; RF64 and BW64 have their sizes in the chunk `ds64`. */
export const riffMagics = ["RIFF", "RIFX", "RF64", "BW64"] as const;

const inDs64 = 0xffff_ffff;

/**
 * Where the last chunk ends, or null where chunks break off. Some writers count too little into the size of the whole: a chunk that begins
 * inside of it counts as far as it says itself, as players read it.
 */
export function endOfRiff(bytes: Buffer): number | null {
  if (bytes.length < 12) return null;
  const magic = bytes.toString("latin1", 0, 4);
  const size = (at: number) => (magic === "RIFX" ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const isLong = magic === "RF64" || magic === "BW64";
  if (isLong && (bytes.length < 36 || bytes.toString("latin1", 12, 16) !== "ds64")) return null;
  const stated = isLong ? Number(bytes.readBigUInt64LE(20)) : size(4);
  const end = stated + 8;
  let at = 12;
  while (at + 8 <= Math.min(end, bytes.length)) {
    const name = bytes.toString("latin1", at, at + 4);
    if (!/^[ -~]{4}$/.test(name)) return null;
    const length =
      isLong && name === "data" && size(at + 4) === inDs64 ? Number(bytes.readBigUInt64LE(28)) : size(at + 4);
    // Chunks begin at even places; at the end of the file the byte between is often left out.
    const next = at + 8 + length;
    at = next % 2 === 1 && next < Math.max(end, bytes.length) && bytes[next] === 0 ? next + 1 : next;
  }
  return Math.max(at, end);
}
