// SentencePiece's own normalization: a table of replacements in a double-array trie. Rule: huggingface/spm_precompiled/src/lib.rs,
// Precompiled::normalize_string: a grapheme of fewer than six bytes as a whole, else character by character; the shortest prefix that is
// in the table counts.
import { malformed, type Part } from "./file.ts";
import type { Normalizer } from "./normalizers.ts";

/** Those of XLM-R and T5 take 300 kB. */
const largestMap = 2 ** 23;

export function precompiled(part: Part): Normalizer {
  const map = part.get("precompiled_charsmap");
  // Files without a table have it as null or empty: nothing is replaced.
  if (map === null || map === "") return (text) => text;
  if (typeof map !== "string" || map.length > largestMap)
    throw malformed("`precompiled_charsmap` is no base64 text", part.where);
  const table = new CharacterMap(bytesOf(map, part.where), part.where);
  const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
  const of = (text: string) => table.replacement(encoder.encode(text));
  return (text) => {
    const parts: string[] = [];
    for (const { segment } of graphemes.segment(text)) {
      const whole = segment.length < 6 && encoder.encode(segment).length < 6 ? of(segment) : null;
      if (whole !== null) parts.push(whole);
      else for (const character of segment) parts.push(of(character) ?? character);
    }
    return parts.join("");
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class CharacterMap {
  readonly #units: Uint32Array;
  readonly #texts: Uint8Array;

  constructor(bytes: Uint8Array, where: string) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = bytes.length >= 4 ? view.getUint32(0, true) : -1;
    if (size < 4 || size % 4 !== 0 || size > bytes.length - 4)
      throw malformed("`precompiled_charsmap` does not hold its trie", where);
    this.#units = Uint32Array.from({ length: size / 4 }, (_, at) => view.getUint32(4 + 4 * at, true));
    this.#texts = bytes.subarray(4 + size);
  }

  /** What the shortest known prefix stands for; null where none is known. */
  replacement(key: Uint8Array): string | null {
    const units = this.#units;
    let unit = units[0]!;
    let at = offsetOf(unit);
    for (const byte of key) {
      if (byte === 0) break;
      at ^= byte;
      unit = units[at] ?? 0;
      // The lowest byte of a unit is its label; the highest bit is set in values.
      if ((unit & 0x800000ff) >>> 0 !== byte) return null;
      at ^= offsetOf(unit);
      if ((unit >>> 8) & 1) return this.#textAt((units[at] ?? 0) & 0x7fffffff);
    }
    return null;
  }

  #textAt(start: number): string {
    const end = this.#texts.indexOf(0, start);
    return decoder.decode(this.#texts.subarray(start, end === -1 ? undefined : end));
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function bytesOf(base64: string, where: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw malformed("`precompiled_charsmap` is not base64", where);
  }
}
