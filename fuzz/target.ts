// A fuzz target feeds bytes to one reader. Anything it throws besides IngotError is a crash.
export interface FuzzTarget {
  readonly name: string;
  target(bytes: Uint8Array): void | Promise<void>;
}
