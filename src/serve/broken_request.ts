// Requests that are not HTTP, or come too slowly: answered in the form of all other errors, then cut off.
import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { IngotError } from "../core/index.ts";
import type { Serving } from "./serving.ts";

const answers: Readonly<Record<string, readonly [status: string, what: string, fix: string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "the headers are too large",
    "send fewer or shorter ones",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "the request took too long to arrive", "send it in one go"],
};
const notHttp = ["400 Bad Request", "this is not an HTTP/1.1 request", "is it meant for another port?"] as const;

export function answerBrokenRequests(server: Server, serving: Serving): void {
  server.on("clientError", (cause: NodeJS.ErrnoException, socket: Duplex) => {
    if (cause.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, what, fix] = answers[cause.code ?? ""] ?? notHttp;
    const code = status.startsWith("408") ? "REQUEST_TIMEOUT" : "REQUEST_MALFORMED";
    end(socket, status, new IngotError(code, { what, fix }));
  });
  // Node would end the connection without a word.
  server.on("connect", (_request, socket: Duplex) => {
    socket.on("error", () => socket.destroy());
    const what = "CONNECT is not possible here";
    end(socket, "405 Method Not Allowed", new IngotError("METHOD_NOT_ALLOWED", { what, fix: "this is no proxy" }));
  });

  function end(socket: Duplex, status: string, error: IngotError): void {
    const body = JSON.stringify({ error: error.toJSON() });
    const lines = [
      `HTTP/1.1 ${status}`,
      ...(serving.options.tokens ? [] : [`Ingot-Package: ${serving.first.digest}`]),
      `Ingot-Request-Id: ${randomUUID()}`,
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
    ];
    socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }
}
