import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { receivedBody } from "../../src/serve/body.ts";
import { BodyClock } from "../../src/serve/slow_body.ts";

test("a body that trickles is given up; one that comes in time is read", async () => {
  const clock = new BodyClock({ graceMs: 60, bytesPerSecond: 1000 });
  const outcomes: string[] = [];
  const server = createServer(async (incoming, response) => {
    const outcome = await receivedBody(incoming, 1e6, undefined, clock).then(
      (body) => `${body.length} bytes`,
      (error: { code?: string }) => error.code ?? "gone",
    );
    outcomes.push(outcome);
    response.end(outcome);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const send = async (pieces: readonly string[]) => {
    const sent = request({ port, host: "127.0.0.1", method: "POST", headers: { "Content-Length": 10_000 } });
    sent.on("error", () => sent.destroy());
    const answered = once(sent, "response");
    for (const piece of pieces) {
      sent.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    sent.end();
    const [response] = await answered;
    response.resume();
  };
  await Promise.all([send(["x".repeat(10_000)]), send(["x", "x", "x", "x", "x", "x"])]);
  expect(outcomes.sort()).toEqual(["10000 bytes", "REQUEST_TIMEOUT"]);
  server.close();
  server.closeAllConnections();
});
