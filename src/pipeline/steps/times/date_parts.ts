// Rule: pandas.Series.dt of a column in a time zone: year, month, …, weekday with Monday 0. Days to dates after H. Hinnant, "chrono-compatible
// low-level date algorithms", in float64, where all of it is exact.
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { asFloat64, numberConstant } from "../numbers/columnwise.ts";
import { type ZoneTable, zoneTable } from "./zone_table.ts";

const parts = ["year", "month", "day", "hour", "minute", "second", "weekday", "day_of_year", "is_weekend"] as const;
type Part = (typeof parts)[number];

/** About 250,000 years to both sides of 1970; what lies beyond has no parts. */
const farthest = 8e12;

export const dateParts = step({
  name: "date_parts",
  about: "Year, month, day, hour, weekday … of a point in time, in a time zone: `departure_hour`",
  family: "columns",
  options: z.strictObject({
    column: z
      .string()
      .describe("Seconds or milliseconds since 1970-01-01T00:00:00Z (`parse_time` makes them of texts)"),
    parts: z.array(z.enum(parts)).min(1).describe("Which; weekday counts from Monday = 0"),
    time_zone: z
      .string()
      .default("UTC")
      .describe(
        "IANA name; its changes from 1970 to 2100 become a constant table, before and after the nearest offset holds",
      ),
    unit: z.enum(["s", "ms"]).default("s").describe("Of the column"),
    keep: z.boolean().default(false).describe("Whether the column stays"),
  }),
  example: "date_parts: { column: departure, parts: [hour, weekday], time_zone: Europe/Berlin }",
  reference: "pandas.Series.dt",
  plan({ column: name, parts: wanted, time_zone: zone, unit, keep }, frame) {
    const column = frame.column(name);
    if (column.dtype === "string" || column.dtype === "bool" || column.shape.length > 0)
      throw frame.refuse(`column \`${name}\` is no number of seconds`, { option: "column", fix: "`parse_time` first" });
    const table = zoneTable(zone);
    if (!table)
      throw frame.refuse(`there is no time zone \`${zone}\``, {
        option: "time_zone",
        fix: "use an IANA name such as Europe/Berlin",
      });
    return {
      reads: [name],
      writes: wanted.map((part) => ({ name: `${name}_${part}`, dtype: "float64", shape: [], missing: true })),
      drops: keep ? [] : [name],
      together: true,
      emit([value], { g }) {
        const found = emitParts(g, asFloat64(g, value!), unit === "ms" ? 1000 : 1, table);
        const axis = g.constant(int64([1]));
        const each = wanted.map((part) => g.op("Unsqueeze", [found[part](), axis]));
        return [each.length === 1 ? each[0]! : g.op("Concat", each, { axis: 1 })];
      },
      evaluate: ([tensor]) =>
        wanted.map((part) =>
          float64(
            Array.from(tensor!.data as ArrayLike<number | bigint>, (value) =>
              partOf(Math.floor(Number(value) / (unit === "ms" ? 1000 : 1)), part, table),
            ),
          ),
        ),
    };
  },
});

function partOf(second: number, part: Part, { from, offsets }: ZoneTable): number {
  if (!(Math.abs(second) <= farthest)) return Number.NaN;
  const local = new Date((second + offsets[from.filter((start) => start <= second).length]!) * 1000);
  const weekday = (local.getUTCDay() + 6) % 7;
  switch (part) {
    case "year":
      return local.getUTCFullYear();
    case "month":
      return local.getUTCMonth() + 1;
    case "day":
      return local.getUTCDate();
    case "hour":
      return local.getUTCHours();
    case "minute":
      return local.getUTCMinutes();
    case "second":
      return local.getUTCSeconds();
    case "weekday":
      return weekday;
    case "is_weekend":
      return Number(weekday >= 5);
    case "day_of_year": {
      const first = new Date(0);
      first.setUTCFullYear(local.getUTCFullYear(), 0, 1);
      return Math.floor((local.getTime() - first.getTime()) / 86_400_000) + 1;
    }
  }
}

/** Each part is emitted when it is asked for. */
function emitParts(
  g: GraphBuilder,
  value: Value,
  perSecond: number,
  { from, offsets }: ZoneTable,
): Record<Part, () => Value> {
  const n = (number: number) => numberConstant(g, number);
  const add = (a: Value, b: Value) => g.op("Add", [a, b]);
  const sub = (a: Value, b: Value) => g.op("Sub", [a, b]);
  const mul = (a: Value, b: number) => g.op("Mul", [a, n(b)]);
  /** Whole quotient. */
  const per = (a: Value, b: number) => g.op("Floor", [g.op("Div", [a, n(b)])]);
  const scaled = perSecond === 1 ? g.op("Floor", [value]) : per(value, perSecond);
  const isNear = g.op("LessOrEqual", [g.op("Abs", [scaled]), n(farthest)]);
  const second = g.op("Where", [isNear, scaled, n(Number.NaN)]);
  const local = add(second, offsetAt());
  const days = per(local, 86_400);
  const ofDay = sub(local, mul(days, 86_400));

  function offsetAt(): Value {
    if (from.length === 0) return n(offsets[0]!);
    const apart = g.op("Unsqueeze", [second, g.constant(int64([1]))]);
    const isPast = g.op("GreaterOrEqual", [apart, g.constant(float64(from), "changes")]);
    const count = g.op("ReduceSum", [g.op("Cast", [isPast], { to: 7 }), g.constant(int64([1]))], { keepdims: 0 });
    return g.op("Gather", [g.constant(float64(offsets), "offsets"), count]);
  }

  const date = once(() => {
    // Years begin in March here, so that the day that is sometimes there comes last.
    const z = add(days, n(719_468));
    const era = per(z, 146_097);
    const ofEra = sub(z, mul(era, 146_097));
    const corrected = sub(add(sub(ofEra, per(ofEra, 1460)), per(ofEra, 36_524)), per(ofEra, 146_096));
    const year = per(corrected, 365);
    const ofYear = sub(ofEra, sub(add(mul(year, 365), per(year, 4)), per(year, 100)));
    const march = per(add(mul(ofYear, 5), n(2)), 153);
    const day = add(sub(ofYear, per(add(mul(march, 153), n(2)), 5)), n(1));
    const month = add(march, g.op("Where", [g.op("Less", [march, n(10)]), n(3), n(-9)]));
    const isEarly = g.op("LessOrEqual", [month, n(2)]);
    return { day, month, year: add(add(year, mul(era, 400)), g.op("Where", [isEarly, n(1), n(0)])) };
  });
  const weekday = once(() => {
    const from3 = add(days, n(3));
    return sub(from3, mul(per(from3, 7), 7));
  });
  const nothing = (result: Value) => g.op("Where", [isNear, result, n(Number.NaN)]);
  return {
    year: () => date().year,
    month: () => nothing(date().month),
    day: () => date().day,
    hour: () => per(ofDay, 3600),
    minute: () => sub(per(ofDay, 60), mul(per(ofDay, 3600), 60)),
    second: () => sub(ofDay, mul(per(ofDay, 60), 60)),
    weekday,
    is_weekend: () => nothing(g.op("Where", [g.op("GreaterOrEqual", [weekday(), n(5)]), n(1), n(0)])),
    day_of_year() {
      const before = sub(date().year, n(1));
      const passed = add(sub(add(mul(before, 365), per(before, 4)), per(before, 100)), per(before, 400));
      return sub(days, sub(passed, n(719_163)));
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
