// Which variant answers. The same key always gets the same variant, and a changed weight moves only the keys that must move.
import { hash } from "node:crypto";

export interface Weighted {
  readonly name: string;
  readonly weight: number;
}

/**
 * Weighted rendezvous hashing: every variant draws a number from the key, -ln(u) / weight, and the lowest one wins. A change of one
 * weight changes one variant's numbers only, so keys move from or to that variant and nowhere else.
 * Rule: Schindelhauer, Schomaker, "Weighted Distributed Hash Tables", SPAA 2005 (the logarithmic method).
 * @param salt tells experiments apart: the same users are split differently in another one
 */
export class Assignment {
  private readonly variants: readonly (Weighted & { readonly seed: bigint })[];
  private readonly total: number;
  private readonly salt: string;

  constructor(salt: string, variants: readonly Weighted[]) {
    this.salt = salt;
    this.variants = variants
      .filter(({ weight }) => weight > 0)
      .map((entry) => ({ ...entry, seed: hash64(entry.name) }));
    this.total = this.variants.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** The variant of this key. */
  of(key: string): string {
    if (this.variants.length === 1) return this.variants[0]!.name;
    const keyed = hash64(`${this.salt}\0${key}`);
    let winner = this.variants[0]!.name;
    let lowest = Number.POSITIVE_INFINITY;
    for (const { name, weight, seed } of this.variants) {
      const draw = -Math.log(unit(mixed(keyed ^ seed))) / weight;
      if (draw >= lowest) continue;
      lowest = draw;
      winner = name;
    }
    return winner;
  }

  /** A variant by chance. @param random from 0 up to, not including, 1 */
  byChance(random = Math.random()): string {
    let left = random * this.total;
    for (const { name, weight } of this.variants) {
      left -= weight;
      if (left < 0) return name;
    }
    return this.variants.at(-1)!.name;
  }
}

/** From 0 up to, not including, 1, and always the same for a text: to sample by request id. */
export function unitOf(text: string): number {
  return Number(hash64(text) >> 11n) / 2 ** 53;
}

function hash64(text: string): bigint {
  return BigInt(`0x${hash("sha256", text).slice(0, 16)}`);
}

const mask = 0xffff_ffff_ffff_ffffn;

/** Every bit of the result depends on every bit of `x`: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
function mixed(x: bigint): bigint {
  let z = x;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
  return z ^ (z >> 31n);
}

/** Above 0, at most 1: its logarithm is finite. */
function unit(bits: bigint): number {
  return (Number(bits >> 11n) + 1) / 2 ** 53;
}
