// Where inputs stand among the keys of records. Records of one source have the same keys in the same order: they are recognised by comparing
// keys, and their values come out together instead of being looked up by name.
import type { InputRecord } from "./predictor.ts";

export class RecordLayout {
  readonly #names: readonly string[];
  readonly #indices: ReadonlyMap<string, number>;
  /** Of the last record, and where each input stands among them: -1 for one that is not there. */
  #keys: readonly string[] = [];
  #places: readonly number[] = [];
  #isInOrder = false;
  #hasOthers = false;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#indices = new Map(names.map((name, index) => [name, index]));
    this.#learn([]);
  }

  /** True when each key of the record is an input; false also for what is no record. */
  holdsOnlyInputs(record: InputRecord): boolean {
    return this.#recognises(record) && !this.#hasOthers;
  }

  /** The record's values in the order of the inputs, `undefined` for what it has not; null for what is no record, or an odd one. */
  valuesOf(record: InputRecord, mayHoldOthers: boolean): readonly unknown[] | null {
    if (!this.#recognises(record) || (this.#hasOthers && !mayHoldOthers)) return null;
    const values = Object.values(record);
    if (this.#isInOrder) return values;
    return this.#places.map((place, index) => (place >= 0 ? values[place] : ownValue(record, this.#names[index]!)));
  }

  #recognises(record: unknown): boolean {
    if (typeof record !== "object" || record === null || Array.isArray(record)) return false;
    const keys = Object.keys(record);
    const known = this.#keys;
    let at = keys.length === known.length ? 0 : -1;
    while (at >= 0 && at < keys.length) at = keys[at] === known[at] ? at + 1 : -1;
    if (at === keys.length) return true;
    // What is remembered stays small, whatever a record holds.
    if (keys.length > 2 * this.#names.length + 64) return false;
    this.#learn(keys);
    return true;
  }

  #learn(keys: readonly string[]): void {
    const places = this.#names.map(() => -1);
    this.#hasOthers = false;
    for (let place = 0; place < keys.length; place++) {
      const index = this.#indices.get(keys[place]!);
      if (index === undefined) this.#hasOthers = true;
      else places[index] = place;
    }
    this.#keys = keys;
    this.#places = places;
    this.#isInOrder = keys.length === places.length && places.every((place, index) => place === index);
  }
}

/** What the record itself holds under a name, enumerable or not. */
export function ownValue(record: InputRecord, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
