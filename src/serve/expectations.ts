// The header Expect: what a client wants to know before it sends its body. Node would agree to any body, and answer 417 without a word.
import type { IncomingMessage, Server } from "node:http";
import type { Http2Server } from "node:http2";
import { IngotError, quoted } from "../core/index.ts";
import type { Handle } from "./listener/http_port.ts";

/** @param limit bytes of a body: one that is larger by its own account is refused before it is sent */
export function answerExpectations(server: Server | Http2Server, handle: Handle, limit: number): void {
  // Both protocols have these events, with arguments of one form.
  const either = server as Server;
  either.on("checkContinue", (request, response) => {
    if (!(Number(request.headers["content-length"]) > limit)) response.writeContinue();
    handle(request, response);
  });
  either.on("checkExpectation", handle);
}

/** @throws IngotError EXPECTATION_UNSUPPORTED for anything but `100-continue` */
export function checkExpectation({ headers: { expect } }: IncomingMessage): void {
  if (expect === undefined || expect.toLowerCase() === "100-continue") return;
  throw new IngotError("EXPECTATION_UNSUPPORTED", {
    what: `nobody here can promise ${quoted(expect)}`,
    where: "header Expect",
    fix: "leave it out, or send 100-continue",
  });
}
