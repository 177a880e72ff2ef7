// Bodies that trickle in: a client that sends a byte now and then would hold a request for as long as it likes. One clock looks at all of
// them, since nearly every body is complete before it would ever tick.

interface Arriving {
  readonly since: number;
  received: number;
  /** Told that the body is too slow. */
  refuse(): void;
}

export interface BodyPace {
  /** Milliseconds that any body may take. */
  readonly graceMs: number;
  /** From then on, on average from its start. */
  readonly bytesPerSecond: number;
}

const usualPace: BodyPace = { graceMs: 10_000, bytesPerSecond: 1024 };

export class BodyClock {
  readonly #pace: BodyPace;
  readonly #arriving = new Set<Arriving>();
  #ticking: NodeJS.Timeout | null = null;

  constructor(pace: BodyPace = usualPace) {
    this.#pace = pace;
  }

  watch(refuse: () => void): Arriving {
    const body: Arriving = { since: performance.now(), received: 0, refuse };
    this.#arriving.add(body);
    this.#ticking ??= setInterval(() => this.#look(), Math.min(1000, this.#pace.graceMs)).unref();
    return body;
  }

  forget(body: Arriving): void {
    this.#arriving.delete(body);
  }

  #look(): void {
    const { graceMs, bytesPerSecond } = this.#pace;
    const now = performance.now();
    for (const body of this.#arriving) {
      const ms = now - body.since;
      if (ms < graceMs || body.received >= (ms / 1000) * bytesPerSecond) continue;
      this.#arriving.delete(body);
      body.refuse();
    }
    if (this.#arriving.size > 0 || !this.#ticking) return;
    clearInterval(this.#ticking);
    this.#ticking = null;
  }
}
