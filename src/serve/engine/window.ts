// How long to wait for company when a latency target was given: longer while answers keep well below it, at once shorter when they do not
// (additive increase, multiplicative decrease, as TCP finds its rate).

const stepMs = 0.25;

export class BatchWindow {
  readonly #targetMs: number;
  #ms = 0;
  /** Answers since the last change, and how many of them took more than the target leaves room for. */
  #seen = 0;
  #late = 0;

  constructor(targetMs: number) {
    this.#targetMs = targetMs;
  }

  /** Milliseconds to wait now. A run that is full already waits for nobody. */
  ms(waitingRows: number, fullRows: number): number {
    return waitingRows >= fullRows ? 0 : this.#ms;
  }

  /** @param ms from a request's arrival in the queue to its result */
  saw(ms: number): void {
    this.#seen++;
    if (ms > 0.9 * this.#targetMs) this.#late++;
    if (this.#seen < 64) return;
    if (this.#late > 0) this.#ms /= 2;
    else this.#ms = Math.min(this.#ms + stepMs, this.#targetMs / 2);
    if (this.#ms < stepMs) this.#ms = this.#late > 0 ? 0 : this.#ms;
    this.#seen = 0;
    this.#late = 0;
  }
}
