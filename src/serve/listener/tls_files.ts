// A certificate and its key, read again when they change: renewing needs no restart.
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { cannotOpen, IngotError } from "../../core/index.ts";
import { nodeTls } from "./node_http.ts";

export class TlsFiles {
  readonly certificate: string;
  readonly key: string;
  #watched: (() => void) | null = null;

  /** @throws IngotError FILE_NOT_FOUND, USAGE when they are no certificate and its key */
  constructor(certificate: string, key: string) {
    this.certificate = certificate;
    this.key = key;
    this.current();
  }

  /** PEM texts that belong together. @throws IngotError USAGE, FILE_NOT_FOUND */
  current(): { cert: Buffer; key: Buffer; minVersion: "TLSv1.2" } {
    const [cert, key] = [this.certificate, this.key].map((file) => {
      try {
        return readFileSync(file);
      } catch (cause) {
        throw cannotOpen(cause as NodeJS.ErrnoException, file);
      }
    }) as [Buffer, Buffer];
    try {
      nodeTls().createSecureContext({ cert, key });
    } catch (cause) {
      throw new IngotError("USAGE", {
        what: `this is no certificate with its key: ${cause instanceof Error ? cause.message : cause}`,
        where: `${this.certificate}, ${this.key}`,
        fix: "both as PEM, the certificate with its chain",
        cause,
      });
    }
    return { cert, key, minVersion: "TLSv1.2" };
  }

  /** Calls `use` with every new pair that belongs together, `refuse` with what does not. @returns looks now, changed or not */
  watch(
    use: (pair: ReturnType<TlsFiles["current"]>) => void,
    refuse: (error: unknown) => void,
    intervalMs = 5000,
  ): () => void {
    const look = () => {
      let pair: ReturnType<TlsFiles["current"]>;
      try {
        pair = this.current();
      } catch (error) {
        refuse(error);
        return;
      }
      use(pair);
    };
    this.#watched = look;
    for (const file of [this.certificate, this.key]) watchFile(file, { interval: intervalMs, persistent: false }, look);
    return look;
  }

  close(): void {
    if (!this.#watched) return;
    for (const file of [this.certificate, this.key]) unwatchFile(file, this.#watched);
  }
}
