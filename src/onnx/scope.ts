// Names that nested graphs see: their own and those of the graphs around them, looked up outward instead of copied.

export class Scope<T> {
  readonly #own = new Map<string, T>();
  readonly #outer: Scope<T> | null;

  constructor(outer: Scope<T> | null = null) {
    this.#outer = outer;
  }

  get(name: string): T | undefined {
    return this.#own.get(name) ?? this.#outer?.get(name);
  }

  has(name: string): boolean {
    return this.#own.has(name) || (this.#outer?.has(name) ?? false);
  }

  hasOwn(name: string): boolean {
    return this.#own.has(name);
  }

  set(name: string, value: T): void {
    this.#own.set(name, value);
  }

  /** Names and values of this graph alone. */
  own(): Map<string, T> {
    return this.#own;
  }
}
