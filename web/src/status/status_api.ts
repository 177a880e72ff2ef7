// What the status page asks the server, once a second, and what it remembers of the last minute.
import { useEffect, useState } from "react";

export type Bucket = readonly [bound: number | null, count: number];
export type Tick = readonly [second: number, requests: number, failures: number, rows: number, ms: number];

/** One variant of one model since the server began. */
export interface Series {
  readonly model: string;
  readonly version: string;
  readonly variant: string;
  readonly package: string;
  readonly isServed: boolean;
  readonly requests: number;
  readonly failures: number;
  readonly rows: number;
  readonly events: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly ticks: readonly Tick[];
  readonly durations: readonly Bucket[];
  readonly batches: readonly Bucket[];
  readonly phases: Readonly<Record<string, { readonly count: number; readonly ms: number }>>;
}

export interface Variant {
  readonly name: string;
  readonly package: string;
  readonly weight: number;
  readonly shadow: number | null;
  readonly comparison?: {
    readonly outputs: Readonly<
      Record<string, { readonly compared: number; readonly same: number; readonly largest: number | string }>
    >;
    readonly failed: number;
    readonly skipped: number;
  };
}

/** `GET /status.json` */
export interface Status {
  readonly now: number;
  readonly version: string;
  readonly isReady: boolean;
  readonly processes: readonly {
    readonly pid: number;
    readonly residentBytes: number;
    readonly uptimeSeconds: number;
  }[];
  /** What is served, asked or not. */
  readonly models: readonly {
    readonly name: string;
    readonly version: string;
    readonly variant: string;
    readonly digest: string;
  }[];
  readonly loads: readonly { readonly model: string; readonly variant: string; readonly inFlight: number }[];
  readonly series: readonly Series[];
  readonly recentErrors: readonly {
    readonly time: number;
    readonly id: string;
    readonly status: number;
    readonly code: string;
    readonly route: string | null;
    readonly model: string | null;
    readonly variant: string | null;
  }[];
  readonly gauges: readonly {
    readonly name: string;
    readonly rows: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
  }[];
  readonly deployment: {
    readonly revision: number;
    readonly models: readonly { readonly name: string; readonly variants: readonly Variant[] }[];
    readonly changes: readonly { readonly number: number; readonly why: string; readonly appliedAt: number }[];
    readonly problem: { readonly why: string; readonly error: { readonly what?: string } | string } | null;
  } | null;
}

const everyMs = 1000;
/** How far back "recent" goes. */
export const recentMs = 60_000;

export interface Seen {
  readonly status: Status;
  /** About a minute old, or the first one that was seen. */
  readonly before: Status | null;
  readonly isReachable: boolean;
}

/** The latest status, and one of a minute ago to compare with. */
export function useStatus(): Seen | null {
  const [seen, setSeen] = useState<Seen | null>(null);
  useEffect(() => {
    const kept: Status[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const poll = async () => {
      try {
        const response = await fetch("/status.json", { cache: "no-store" });
        const status = (await response.json()) as Status;
        kept.push(status);
        while (kept.length > 2 && status.now - kept[1]!.now > recentMs) kept.shift();
        if (!isOver) setSeen({ status, before: kept.length > 1 ? kept[0]! : null, isReachable: true });
      } catch {
        if (!isOver) setSeen((last) => last && { ...last, isReachable: false });
      }
      if (!isOver) timer = setTimeout(() => void poll(), everyMs);
    };
    void poll();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);
  return seen;
}

export function keyOf({ model, variant, package: digest }: Series): string {
  return `${model} ${variant} ${digest}`;
}

/** What was counted since `before`; everything when that is not known. */
export function sinceBefore(series: Series, before: Status | null): Series {
  const old = before?.series.find((one) => keyOf(one) === keyOf(series));
  if (!old || old.requests === series.requests) return series;
  const less = (now: readonly Bucket[], then: readonly Bucket[]): Bucket[] =>
    now.map(([bound, count], i) => [bound, count - (then[i]?.[1] ?? 0)]);
  return {
    ...series,
    requests: series.requests - old.requests,
    failures: series.failures - old.failures,
    rows: series.rows - old.rows,
    durations: less(series.durations, old.durations),
    batches: less(series.batches, old.batches),
    phases: Object.fromEntries(
      Object.entries(series.phases).map(([name, { count, ms }]) => [
        name,
        { count: count - (old.phases[name]?.count ?? 0), ms: ms - (old.phases[name]?.ms ?? 0) },
      ]),
    ),
  };
}

export function addBuckets(all: readonly (readonly Bucket[])[]): Bucket[] {
  const [first = [], ...others] = all;
  return first.map(([bound, count], i) => [bound, others.reduce((sum, one) => sum + one[i]![1], count)]);
}

/** Upper bound of the bucket that holds the quantile; NaN when nothing was counted. */
export function quantile(buckets: readonly Bucket[], q: number): number {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bound, count] of buckets) {
    seen += count;
    if (count > 0 && seen >= q * total) return bound ?? Number.POSITIVE_INFINITY;
  }
  return Number.NaN;
}

/** Requests, failures and rows per second over the last `seconds` whole ones. */
export function rate(series: Series, now: number, seconds = 10) {
  const last = Math.floor(now / 1000) - 1;
  const ticks = series.ticks.filter(([second]) => second <= last && second > last - seconds);
  const per = (place: 1 | 2 | 3) => ticks.reduce((sum, tick) => sum + tick[place], 0) / seconds;
  return { requests: per(1), failures: per(2), rows: per(3) };
}
