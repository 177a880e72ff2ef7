// The table of host work. Each is loaded when a package first needs it: a browser fetches only what it runs.
import type { HostKind } from "../host.ts";

export const hostKinds: Readonly<Record<string, () => Promise<HostKind>>> = {};
