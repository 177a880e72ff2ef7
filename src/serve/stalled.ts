// Clients that do not read what they asked for: their answers would be kept for as long as they like.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";

/** An answer of which nothing moves for so long is given up. */
export const stalledMs = 30_000;
const CANCEL = 8;

/** To be called when all of an answer was handed over. Both protocols' timers start anew whenever bytes leave. */
export function giveUpWhenStalled(request: IncomingMessage, response: ServerResponse, ms = stalledMs): void {
  if (request.httpVersionMajor === 1) {
    // Once the answer is out, Node sets the time that an idle connection has; until then who does not answer its timeout is cut off.
    if (response.socket && response.socket.writableLength > 0) response.socket.setTimeout(ms);
    return;
  }
  const { stream } = response as unknown as Http2ServerResponse;
  if (!stream.destroyed) stream.setTimeout(ms, () => stream.close(CANCEL));
}
