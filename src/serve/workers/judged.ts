// Answers as guardrails judge them, gathered and sent on a few times a second.
import type { Judge } from "../deployment/loaded_models.ts";
import type { Judgements } from "./messages.ts";

const everyMs = 100;
/** Sent earlier when there are so many. */
const together = 2000;

export class Judged {
  readonly #send: (judgements: Judgements) => void;
  #gathered = new Map<string, [model: string, digest: string, ms: number[]]>();
  #count = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (judgements: Judgements) => void) {
    this.#send = send;
  }

  readonly note: Judge = (model, digest, failed, ms) => {
    const key = `${model}\0${digest}`;
    let entry = this.#gathered.get(key);
    if (!entry) {
      entry = [model, digest, []];
      this.#gathered.set(key, entry);
    }
    entry[2].push(failed ? -1 : ms);
    if (++this.#count >= together) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), everyMs);
  };

  #flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#send([...this.#gathered.values()]);
    this.#gathered = new Map();
    this.#count = 0;
  }
}
