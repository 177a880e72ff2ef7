// The log of predictions and of what became of them: written behind the requests' back. What the disk cannot take is counted, and no request
// waits for it or fails by it.
import { appendFile, writeFile } from "node:fs/promises";
import { IngotError } from "../../core/index.ts";
import { unitOf } from "../deployment/assignment.ts";
import type { Answered, Note } from "../deployment/companions.ts";
import type { PredictionLogEntry } from "../deployment/deployment_file.ts";
import type { Gauge } from "../observe/prometheus.ts";
import { LogFolder } from "./log_folder.ts";
import { jsonText, type PredictionRow, parquetColumns, predictionRows } from "./prediction_rows.ts";

/** Predictions that wait to be written; more are dropped. */
const mostWaiting = 10_000;
const flushMs = 200;
/** Between two of these the event loop is given back. */
const together = 200;
/** A Parquet file is written whole, at this many rows or this age. */
const parquet = { rows: 20_000, ageMs: 60_000 };

interface Waiting {
  readonly answered: Answered;
  readonly time: number;
}

export interface PredictionLogOptions {
  /** Told once when writing begins to fail, and once when it works again. */
  readonly log?: (entry: Readonly<Record<string, unknown>>) => void;
}

export class PredictionLog {
  private readonly settings: PredictionLogEntry;
  private readonly options: PredictionLogOptions;
  private readonly folder: LogFolder;
  private readonly redact: ReadonlySet<string>;
  private waiting: Waiting[] = [];
  private readonly open = new Map<"predictions" | "outcomes", { readonly file: string; size: number }>();
  private readonly gathered = new Map<
    string,
    { readonly schema: Answered["model"]["schema"]; readonly rows: PredictionRow[]; readonly since: number }
  >();
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();
  private isFailing = false;
  private readonly counts = { written: 0, dropped: 0, outcomes: 0 };

  constructor(settings: PredictionLogEntry, options: PredictionLogOptions = {}) {
    this.settings = settings;
    this.options = options;
    this.folder = new LogFolder(settings.folder, settings.keep_mb * 2 ** 20);
    this.redact = new Set(settings.redact);
  }

  readonly note: Note = (answered) => {
    if (this.settings.sample < 1 && unitOf(answered.call.id) >= this.settings.sample) return;
    if (this.waiting.length >= mostWaiting) {
      this.counts.dropped++;
      return;
    }
    this.waiting.push({ answered, time: Date.now() });
    this.soon();
  };

  /**
   * Keeps what became of a request, by name. Resolves when it is written.
   * @throws IngotError DISK_FULL, FILE_UNREADABLE when it cannot be
   */
  async outcome(id: string, values: Readonly<Record<string, unknown>>): Promise<void> {
    const time = Date.now();
    const lines = Object.entries(values).map(([name, value]) => `${jsonText({ time, id, name, value })}\n`);
    const step = this.writing.then(() => this.append("outcomes", lines.join("")));
    this.writing = step.catch(() => undefined);
    await step.catch((cause: NodeJS.ErrnoException) => {
      throw new IngotError(cause.code === "ENOSPC" ? "DISK_FULL" : "FILE_UNREADABLE", {
        what: `the outcome cannot be written (${cause.code ?? cause.message})`,
        fix: "send it again later",
        cause,
      });
    });
    this.counts.outcomes += lines.length;
  }

  gauges(): Gauge[] {
    const counter = (name: string, help: string, value: number): Gauge => ({
      name,
      help,
      kind: "counter",
      rows: [{ labels: {}, value }],
    });
    return [
      counter("ingot_logged_predictions_total", "Predictions written to the log", this.counts.written),
      counter("ingot_dropped_predictions_total", "Predictions that the log could not take", this.counts.dropped),
      counter("ingot_logged_outcomes_total", "Outcomes written to the log", this.counts.outcomes),
    ];
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.flush(true);
    await this.writing;
  }

  private soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.flush(false);
    }, flushMs);
    this.timer.unref();
  }

  private flush(isLast: boolean): void {
    this.writing = this.writing.then(() => this.write(isLast));
  }

  private async write(isLast: boolean): Promise<void> {
    while (this.waiting.length > 0) {
      const some = this.waiting.splice(0, together);
      try {
        await this.take(some);
        this.counts.written += some.length;
        this.tell(false);
      } catch (cause) {
        this.counts.dropped += some.length;
        this.tell(true, cause);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.settings.format === "parquet") await this.writeParquet(isLast);
    if (!isLast && this.gathered.size > 0) this.soon();
  }

  private async take(some: readonly Waiting[]): Promise<void> {
    const rows = some.flatMap(({ answered, time }) => predictionRows(answered, time, this.redact));
    if (this.settings.format === "jsonl") {
      await this.append(
        "predictions",
        rows.map((row) => `${jsonText({ ...row, time: new Date(row.time).toISOString() })}\n`).join(""),
      );
      return;
    }
    for (const row of rows) {
      const { schema } = some.find(({ answered }) => answered.model.digest === row.package)!.answered.model;
      const entry = this.gathered.get(row.package) ?? { schema, rows: [], since: row.time };
      entry.rows.push(row);
      this.gathered.set(row.package, entry);
    }
  }

  private async writeParquet(isLast: boolean): Promise<void> {
    for (const [digest, { schema, rows, since }] of this.gathered) {
      if (!isLast && rows.length < parquet.rows && Date.now() - since < parquet.ageMs) continue;
      this.gathered.delete(digest);
      try {
        const { parquetWriteBuffer } = await import("hyparquet-writer");
        const bytes = parquetWriteBuffer({ columnData: parquetColumns(rows, schema, this.redact) });
        await writeFile(await this.folder.next("predictions", "parquet"), Buffer.from(bytes));
        await this.folder.trim(new Set());
      } catch (cause) {
        this.counts.dropped += rows.length;
        this.tell(true, cause);
      }
    }
  }

  private async append(kind: "predictions" | "outcomes", text: string): Promise<void> {
    const size = Buffer.byteLength(text);
    let current = this.open.get(kind);
    if (!current || current.size + size > this.settings.rotate_mb * 2 ** 20) {
      current = { file: await this.folder.next(kind, "jsonl"), size: 0 };
      this.open.set(kind, current);
      await this.folder.trim(new Set([...this.open.values()].map(({ file }) => file)));
    }
    await appendFile(current.file, text);
    current.size += size;
  }

  private tell(isFailing: boolean, cause?: unknown): void {
    if (isFailing === this.isFailing) return;
    this.isFailing = isFailing;
    this.options.log?.(
      isFailing
        ? { event: "prediction log fails", folder: this.settings.folder, cause: String(cause) }
        : { event: "prediction log works again", folder: this.settings.folder },
    );
  }
}
