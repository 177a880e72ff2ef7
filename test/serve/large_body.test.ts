// Bodies of 200 MB, really sent.
import { once } from "node:events";
import http2 from "node:http2";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { columnModel } from "./column_model.ts";
import { peopleModel, serve } from "./people_model.ts";

const megabytes = 200;
const size = megabytes * 2 ** 20;
const body = '{"age":41,"height":10,"colour":"red"}';

/** Most memory outside of JavaScript's heap that was in use since. */
function watchMemory() {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  return () => {
    clearInterval(timer);
    return Math.max(most, process.memoryUsage().rss) - before;
  };
}

const chunk = Buffer.alloc(2 ** 16, "x");

test.each([
  ["told in advance", `Content-Length: ${size}`],
  ["in chunks", "Transfer-Encoding: chunked"],
])("HTTP/1.1, %s: refused before it is kept, and others are answered", async (_how, header) => {
  const server = await serve([await peopleModel()]);
  const grown = watchMemory();
  const socket = connect(server.port, "127.0.0.1");
  // Once refused, the connection ends, perhaps while more is on its way.
  const over = new Promise<void>((resolve) => {
    socket.on("error", () => socket.destroy()).once("close", () => resolve());
  });
  let answer = "";
  socket.on("data", (data) => {
    answer += data;
  });
  socket.write(`POST /predict HTTP/1.1\r\nHost: a\r\n${header}\r\n\r\n`);
  const part = header.startsWith("Transfer")
    ? Buffer.concat([Buffer.from("10000\r\n"), chunk, Buffer.from("\r\n")])
    : chunk;
  for (let sent = 0; sent < size && !socket.destroyed; sent += chunk.length)
    if (!socket.write(part)) await Promise.race([over, new Promise((resolve) => socket.once("drain", resolve))]);
  await over;
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toContain("BODY_TOO_LARGE");
  expect((await fetch(`${server.url}/predict`, { method: "POST", body })).status).toBe(200);
  // Client and server are this process, and what they let go of is not collected at once: a body that is kept would be more than itself.
  expect(grown()).toBeLessThan(0.9 * size);
  await server.close();
});

test("HTTP/2: refused before it is kept, and the session goes on", async () => {
  const server = await serve([await peopleModel()]);
  const session = http2.connect(server.url);
  const stream = session.request({ ":method": "POST", ":path": "/predict", "content-length": size });
  stream.on("error", () => {});
  let status: number | undefined;
  const refused = new Promise<void>((resolve) => {
    stream.once("response", (headers) => {
      status = headers[":status"];
      resolve();
    });
  });
  for (let sent = 0; sent < size && status === undefined; sent += chunk.length)
    if (!stream.write(chunk))
      await Promise.race([refused, new Promise<void>((resolve) => stream.once("drain", () => resolve()))]);
  await refused;
  expect(status).toBe(413);
  stream.resume();
  stream.close();
  const next = session.request({ ":method": "POST", ":path": "/predict" });
  next.end(body);
  expect((await once(next, "response"))[0][":status"]).toBe(200);
  next.resume();
  session.close();
  await server.close();
});

test("accepted where the limit is raised: binary tensors of 200 MB", async () => {
  const server = await serve([await columnModel()], { bodyLimit: 256 * 2 ** 20 });
  const rows = size / 8;
  const head = JSON.stringify({
    inputs: [{ name: "x", shape: [rows, 1], datatype: "FP64", parameters: { binary_data_size: size } }],
    outputs: [{ name: "sum" }],
  });
  const values = new Float64Array(rows).fill(1);
  const response = await fetch(`${server.url}/v2/models/column/infer`, {
    method: "POST",
    headers: { "Inference-Header-Content-Length": String(head.length) },
    body: Buffer.concat([Buffer.from(head), Buffer.from(values.buffer)]),
  });
  expect(await response.json()).toMatchObject({ outputs: [{ name: "sum", data: [rows] }] });
  await server.close();
});
