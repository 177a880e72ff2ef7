// The bounded queue in front of a model: by priority, then by arrival. Work that nobody waits for any more is dropped on the way out.
import type { Job } from "./job.ts";

/** What may go together in one run. */
export interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
}

export class JobQueue {
  #jobs: Job[] = [];

  get length(): number {
    return this.#jobs.length;
  }

  push(job: Job): void {
    const last = this.#jobs.at(-1);
    if (!last || last.call.priority >= job.call.priority) {
      this.#jobs.push(job);
      return;
    }
    const at = this.#jobs.findIndex(({ call }) => call.priority < job.call.priority);
    this.#jobs.splice(at, 0, job);
  }

  /** Rows that wait. */
  get rows(): number {
    return this.#jobs.reduce((rows, job) => rows + job.rows, 0);
  }

  /**
   * The first job, and those behind it that fit beside it; they stay in order. `drop` is told of jobs that nobody waits for.
   * Empty when no job is left.
   */
  take(limits: BatchLimits, drop: (job: Job) => void): Job[] {
    const taken: Job[] = [];
    const left: Job[] = [];
    let rows = 0;
    let bytes = 0;
    for (const job of this.#jobs) {
      if (job.isSettled) continue;
      if (job.call.isGone) {
        drop(job);
        continue;
      }
      const fits =
        taken.length === 0 ||
        (job.shapeKey !== null &&
          job.shapeKey === taken[0]!.shapeKey &&
          rows + job.rows <= limits.rows &&
          bytes + job.bytes <= limits.bytes);
      if (!fits) {
        left.push(job);
        continue;
      }
      taken.push(job);
      rows += job.rows;
      bytes += job.bytes;
    }
    this.#jobs = left;
    return taken;
  }
}
