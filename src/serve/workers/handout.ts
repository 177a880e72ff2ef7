// Connections that the first process accepts go to the worker that has the fewest. One that a worker has not taken when it ends goes to another:
// nothing was read of it.
import type { ChildProcess } from "node:child_process";
import { createServer, type Server, type Socket } from "node:net";
import type { Handed } from "./messages.ts";

/** What is handed out to a worker, and what it holds. */
export class Hand {
  readonly #child: ChildProcess;
  /** Sent, and not heard of yet. */
  readonly #sent = new Map<number, Connection>();
  /** Taken and not ended. */
  #held = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  get load(): number {
    return this.#held + this.#sent.size;
  }

  give(id: number, connection: Connection): void {
    this.#sent.set(id, connection);
    const handed: Handed = { connection: id, kind: connection.kind };
    // It stays open here until the worker says that it has it. A worker that cannot be told has ended, which is heard of elsewhere.
    this.#child.send(handed, connection.socket, { keepOpen: true }, () => {});
  }

  taken(id: number): void {
    const connection = this.#sent.get(id);
    if (!connection) return;
    this.#sent.delete(id);
    this.#held++;
    connection.socket.destroy();
  }

  left(count: number): void {
    this.#held -= count;
  }

  /** What the worker never had. */
  takeBack(): Connection[] {
    const connections = [...this.#sent.values()];
    this.#sent.clear();
    return connections;
  }
}

interface Connection {
  readonly socket: Socket;
  readonly kind: Handed["kind"];
}

/** Connections that wait for a worker while there is none. */
const mostWaiting = 4096;

export class Handout {
  readonly #servers: Server[] = [];
  readonly #waiting: Connection[] = [];
  readonly #hands: () => readonly Hand[];
  #next = 0;

  /** @param hands of the workers that answer */
  constructor(hands: () => readonly Hand[]) {
    this.#hands = hands;
  }

  /** A server that listens for somebody else. */
  server(kind: Handed["kind"]): Server {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      this.#give({ socket, kind });
    });
    this.#servers.push(server);
    return server;
  }

  /** Hands out what waited. */
  resume(): void {
    for (const connection of this.#waiting.splice(0)) this.#give(connection);
  }

  giveAgain(connections: readonly Connection[]): void {
    for (const connection of connections) this.#give(connection);
  }

  /** Accepts nothing more. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const { socket } of this.#waiting.splice(0)) socket.destroy();
  }

  #give(connection: Connection): void {
    const hands = this.#hands();
    // Among equals in turn.
    const id = this.#next++;
    let best: Hand | null = null;
    for (let i = 0; i < hands.length; i++) {
      const hand = hands[(id + i) % hands.length]!;
      if (best === null || hand.load < best.load) best = hand;
    }
    if (best) best.give(id, connection);
    else if (this.#waiting.length < mostWaiting) this.#waiting.push(connection);
    else connection.socket.destroy();
  }
}
