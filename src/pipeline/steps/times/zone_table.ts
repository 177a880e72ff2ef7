// A time zone as a table: when its offset from UTC changes, and to what. Read off the engine's own copy of the IANA data while packing, so that
// what runs later is a constant.

export interface ZoneTable {
  /** Seconds since 1970 at which an offset begins, rising. */
  readonly from: readonly number[];
  /** Seconds east of UTC: before the first, then from each on. */
  readonly offsets: readonly number[];
}

const firstSecond = 0;
const lastSecond = Date.UTC(2100, 0, 1) / 1000;
/** Zones seldom change twice within so many seconds. */
const stride = 5 * 86_400;

/** Changes from 1970 to 2100; before and after, the nearest offset holds. Null where there is no such zone. */
export function zoneTable(zone: string): ZoneTable | null {
  const offset = offsetReader(zone);
  if (!offset) return null;
  const from: number[] = [];
  const offsets = [offset(firstSecond)];
  for (let start = firstSecond; start < lastSecond; start += stride) {
    const end = start + stride;
    const after = offset(end);
    if (after === offsets.at(-1)) continue;
    let [low, high] = [start, end];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === offsets.at(-1)) low = middle;
      else high = middle;
    }
    from.push(high);
    offsets.push(after);
  }
  return { from, offsets };
}

function offsetReader(timeZone: string): ((second: number) => number) | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset", year: "numeric" });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  return (second) => {
    const found = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(format.format(second * 1000));
    if (!found) return 0;
    const [, sign, hours, minutes, seconds = "0"] = found;
    return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  };
}
