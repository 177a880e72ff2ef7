// Dates and times of ISO 8601 as seconds since 1970-01-01T00:00:00Z. No operator of ONNX takes texts apart by position, so it is done here.
// Rule: pandas.to_datetime(…, utc=True, format="ISO8601"): what names no offset is UTC.
import { z } from "zod";
import type { HostKind } from "../host.ts";
import { hostSettings, recordRefused } from "./settings.ts";

const settings = z.strictObject({ columns: z.array(z.string()), invalid: z.enum(["reject", "missing"]) });

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Seconds since 1970 in UTC; NaN for what is no date. */
export function secondsOf(text: string): number {
  const found = pattern.exec(text);
  if (!found) return Number.NaN;
  const [year, month, day, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ] &
    number[];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const zone = found[8] ?? "Z";
  let offset = 0;
  if (!/z/i.test(zone)) {
    const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(":", "") || 0)];
    if (hours > 23 || minutes > 59) return Number.NaN;
    offset = (zone.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
  }
  const fraction = found[7] === undefined ? 0 : Number(`0.${found[7]}`);
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset + fraction;
}

export const parseTimeKind: HostKind = {
  kind: "parse_time",
  async open(given) {
    const { columns: names, invalid } = hostSettings(settings, given, "parse_time");
    return {
      run: (columns, rows) =>
        Array.from({ length: rows }, (_, row) => {
          const results = [];
          for (const [at, column] of columns.entries()) {
            const text = column[row];
            const seconds = typeof text === "string" ? secondsOf(text) : Number.NaN;
            if (typeof text === "string" && Number.isNaN(seconds) && invalid === "reject")
              return recordRefused(
                names[at]!,
                `${JSON.stringify(text.slice(0, 40))} is no date or time of ISO 8601`,
                "send one like 2024-05-31 or 2024-05-31T17:30:00+02:00",
              );
            results.push({ dtype: "float64" as const, dims: [], data: Float64Array.of(seconds) });
          }
          return results;
        }),
    };
  },
};
