// Where a server listens: a port of an address, or a Unix socket.
import { existsSync, statSync, unlinkSync } from "node:fs";
import { type AddressInfo, connect, type Server } from "node:net";
import { IngotError } from "../../core/index.ts";

/** @param option that chooses the port. @returns the port, and the host as clients dial it. @throws IngotError ADDRESS_IN_USE */
export async function listenOnPort(
  server: Server,
  port: number,
  host: string,
  option = "--port",
): Promise<{ port: number; host: string }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, host, port, option)));
    server.listen(port, host, () => resolve());
  });
  const address = server.address() as AddressInfo;
  // "Every address" is none that a client could dial.
  const dialled = { "0.0.0.0": "127.0.0.1", "::": "::1" }[address.address] ?? address.address;
  return { port: address.port, host: dialled.includes(":") ? `[${dialled}]` : dialled };
}

/**
 * A socket file that nobody answers at any more is replaced; anything else that is there is left alone.
 * @throws IngotError ADDRESS_IN_USE
 */
export async function listenOnSocket(server: Server, file: string): Promise<void> {
  if (existsSync(file)) {
    if (!statSync(file).isSocket()) throw taken(file, "there is a file that is no socket");
    if (await answers(file)) throw taken(file, "another program listens there");
    unlinkSync(file);
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(taken(file, `cannot listen (${cause.code})`, cause)));
    server.listen(file, () => resolve());
  });
}

function answers(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(file);
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

function taken(where: string, what: string, cause?: unknown): IngotError {
  return new IngotError("ADDRESS_IN_USE", { what, where, fix: "name another path with --socket", cause });
}

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number, option: string): unknown {
  const isHost = cause.code === "EADDRNOTAVAIL" || cause.syscall === "getaddrinfo";
  if (!isHost && cause.code !== "EADDRINUSE" && cause.code !== "EACCES") return cause;
  return new IngotError("ADDRESS_IN_USE", {
    what: cause.code === "EADDRINUSE" ? `port ${port} is taken` : `cannot listen (${cause.code})`,
    where: `${host}:${port}`,
    fix: isHost
      ? "give an address of this machine as --host: 127.0.0.1 for this machine only, 0.0.0.0 for all"
      : `choose another with ${option}, or ${option} 0 for any free one`,
    cause,
  });
}
