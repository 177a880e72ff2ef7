// What a survey knows of the values on the stack of a pickle, in one float64 each:
//   >= 0            a number, text or bytes: the offset of the opcode that pushed it (read again only when it is asked for)
//   -1 … -15        None, booleans and what nobody asks about
//   -16 …           a class or function, by its number
//   -2^26 …         a tuple, list, dict or set in a ring of the latest ones
//   below -2^32     what a call made: number of the callable, and its place in the ring
// No opcode allocates, and the memory does not grow with the file; only arguments of calls long ago are forgotten.

export const none = -1;
export const yes = -2;
export const no = -3;
export const opaque = -4;
const firstGlobal = 16;
export const mostGlobals = 2 ** 20;
const firstSlot = 2 ** 26;
const made = 2 ** 32;

/** Slots of the ring and their width: sequence number, kind, count, then items. */
const slots = 4096;
const width = 32;
const header = 3;
const capacity = width - header;

export type Kind = "tuple" | "list" | "dict" | "set" | "object";
const kinds: readonly Kind[] = ["tuple", "list", "dict", "set", "object"];
export const kindCodes = { tuple: 0, list: 1, dict: 2, set: 3, object: 4 } as const;

export class ValueRing {
  /** Small at first: most pickles hold few values, and a scan walks many of them. */
  private items = new Float64Array(64 * width);
  private mask = 63;
  private sequence = 0;

  /** As new: a value is only looked up by who made it, so that old slots need no cleaning. */
  clear(): void {
    this.sequence = 0;
  }

  /** A container of `stack[from, to)`; further items may be added. */
  container(kind: number, stack: Float64Array, from: number, to: number): number {
    const sequence = this.next();
    const { items } = this;
    const at = (sequence & this.mask) * width;
    const count = to - from < capacity ? to - from : capacity;
    items[at] = sequence;
    items[at + 1] = kind;
    items[at + 2] = count;
    for (let i = 0; i < count; i++) items[at + header + i] = stack[from + i]!;
    return -(firstSlot + sequence);
  }

  /** The result of calling the global of that number. */
  object(global: number, args: number): number {
    const sequence = this.next();
    const at = (sequence & this.mask) * width;
    this.items[at] = sequence;
    this.items[at + 1] = kindCodes.object;
    this.items[at + 2] = 2;
    this.items[at + header] = args;
    this.items[at + header + 1] = opaque;
    return -((global + 1) * made + sequence);
  }

  /** Adds `stack[from, to)` to a container that is still remembered and has room. */
  add(value: number, stack: Float64Array, from: number, to: number): void {
    const at = this.place(value);
    if (at < 0 || this.items[at + 1] === kindCodes.object) return;
    const { items } = this;
    let count = items[at + 2]!;
    for (let i = from; i < to && count < capacity; i++) items[at + header + count++] = stack[i]!;
    items[at + 2] = count;
  }

  /** Sets the state of an object. */
  build(value: number, state: number): void {
    const at = this.place(value);
    if (at >= 0 && this.items[at + 1] === kindCodes.object) this.items[at + header + 1] = state;
  }

  /** Where a container or object is remembered, for the next three; -1 where it is forgotten. */
  find(value: number): number {
    return this.place(value);
  }

  kindAt(place: number): Kind {
    return kinds[this.items[place + 1]!]!;
  }

  countAt(place: number): number {
    return this.items[place + 2]!;
  }

  /** An item of a container; of an object its arguments, then its state. */
  itemAt(place: number, index: number): number {
    return this.items[place + header + index]!;
  }

  private place(value: number): number {
    if (value > -firstSlot) return -1;
    const sequence = value > -made ? -value - firstSlot : -value % made;
    const at = (sequence & this.mask) * width;
    return this.items[at] === sequence ? at : -1;
  }

  /** Before the ring first turns, every value stays where it is. */
  private grow(): void {
    const grown = new Float64Array(this.items.length * 2);
    grown.set(this.items);
    this.items = grown;
    this.mask = this.mask * 2 + 1;
  }

  private next(): number {
    this.sequence = (this.sequence + 1) & 0x7fff_ffff;
    if (this.sequence > this.mask && this.mask < slots - 1) this.grow();
    return this.sequence;
  }
}

export function globalValue(number: number): number {
  return -(firstGlobal + number);
}

/** Number of the global, or of the callable that made the object; -1 for every other value. */
export function globalOf(value: number): number {
  if (value < -made) return Math.floor(-value / made) - 1;
  return isGlobal(value) ? -value - firstGlobal : -1;
}

export function isGlobal(value: number): boolean {
  return value <= -firstGlobal && value > -firstSlot;
}

export function isObject(value: number): boolean {
  return value < -made;
}
