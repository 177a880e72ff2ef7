// Memory, processor time and lateness of this process.
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ProcessState } from "./prometheus.ts";

export class ProcessWatch {
  private loop: ReturnType<typeof monitorEventLoopDelay> | null = null;

  /** @param requests that it answered */
  state(requests: number): ProcessState {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    // Costs a timer, so it begins when somebody looks for the first time.
    if (this.loop === null) {
      this.loop = monitorEventLoopDelay({ resolution: 20 });
      this.loop.enable();
    }
    const late = this.loop.percentile(99) / 1e9;
    this.loop.reset();
    return {
      pid: process.pid,
      requests,
      residentBytes: rss,
      heapBytes: heapUsed,
      cpuSeconds: (user + system) / 1e6,
      uptimeSeconds: process.uptime(),
      loopDelaySeconds: Number.isFinite(late) ? late : 0,
    };
  }
}
