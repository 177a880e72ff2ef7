// Options that are ports.
import { IngotError } from "../core/index.ts";

/** @throws IngotError USAGE */
export function portOf(text: string | undefined, option: string, byDefault: number): number {
  if (text === undefined) return byDefault;
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new IngotError("USAGE", { what: `\`${text}\` is no port`, where: option, fix: "a number from 0 to 65535" });
}
