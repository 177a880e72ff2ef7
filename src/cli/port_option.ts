// Options that are ports.
import { IngotError } from "../core/index.ts";

/** @throws IngotError USAGE */
export function portOf(text: string | undefined, option: string, byDefault: number): number {
  if (text === undefined) return byDefault;
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new IngotError("USAGE", { what: `\`${text}\` is no port`, where: option, fix: "a number from 0 to 65535" });
}

/** gRPC's port: unless said, the one after HTTP's, any free one beside any free one; null = none. @throws IngotError USAGE */
export function grpcPortOf(text: string | undefined, httpPort: number): number | null {
  if (text === "off") return null;
  return portOf(text, "--grpc-port", httpPort === 0 ? 0 : Math.min(httpPort + 1, 65535));
}
