// Connections that the first process handed to this worker.
import type { Socket } from "node:net";
import type { Channel, End } from "./channel.ts";
import type { FirstMethods, Handed, WorkerMethods } from "./messages.ts";

export class HeldConnections {
  readonly #first: Channel<WorkerMethods, FirstMethods>;
  #take: ((kind: Handed["kind"], socket: Socket) => void) | null = null;
  #left = 0;

  constructor(end: End, first: Channel<WorkerMethods, FirstMethods>) {
    this.#first = first;
    end.on("message", (message, socket) => {
      if (typeof message === "object" && message !== null && "connection" in message)
        this.#arrive(message as Handed, socket as Socket | undefined);
    });
  }

  open(take: (kind: Handed["kind"], socket: Socket) => void): void {
    this.#take = take;
  }

  #arrive({ connection, kind }: Handed, socket: Socket | undefined): void {
    // Said before anything is read: what was not said was not begun.
    this.#first.tell("taken", connection);
    if (!socket || !this.#take) {
      socket?.destroy();
      this.#leave();
      return;
    }
    socket.once("close", () => this.#leave());
    this.#take(kind, socket);
  }

  /** Told together: clients that do not keep connections end many at once. */
  #leave(): void {
    this.#left++;
    if (this.#left > 1) return;
    setImmediate(() => {
      this.#first.tell("left", this.#left);
      this.#left = 0;
    });
  }
}
