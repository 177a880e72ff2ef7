// Names of one graph, each given out once.

export class Names {
  readonly #taken: Set<string>;
  readonly #counters: Map<string, number>;

  constructor(taken: Iterable<string> = [], counters: Iterable<[string, number]> = []) {
    this.#taken = new Set(taken);
    this.#counters = new Map(counters);
  }

  has(name: string): boolean {
    return this.#taken.has(name);
  }

  /** False when it was taken before. */
  take(name: string): boolean {
    return !this.#taken.has(name) && this.#taken.add(name).has(name);
  }

  /** `stem`, else `stem_1`, `stem_2` … */
  unique(stem: string): string {
    let name = stem;
    for (let i = this.#counters.get(stem) ?? 0; !this.take(name); ) {
      name = `${stem}_${++i}`;
      this.#counters.set(stem, i);
    }
    return name;
  }

  copy(): Names {
    return new Names(this.#taken, this.#counters);
  }
}
