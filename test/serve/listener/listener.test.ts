import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import http2 from "node:http2";
import { request as httpsRequest } from "node:https";
import { connect, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { expect, test } from "vitest";
import type { RunningServer } from "../../../src/serve/index.ts";
import { TlsFiles } from "../../../src/serve/listener/tls_files.ts";
import { peopleModel, serve, slowed } from "../people_model.ts";

const body = '{"age":41,"height":10,"colour":"red"}';
const folder = mkdtempSync(path.join(os.tmpdir(), "ingot-listener-"));
const pem = (name: string) => path.join(import.meta.dirname, "tls", name);

/** A request over an HTTP/2 session. */
async function over(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders, sent?: string) {
  const stream = session.request({ ":method": sent === undefined ? "GET" : "POST", ...headers });
  stream.end(sent);
  const [answer] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
  return { headers: answer, status: answer[":status"], text: Buffer.concat(await stream.toArray()).toString() };
}

test("HTTP/2 without TLS, by prior knowledge: many requests on one connection, errors, HTTP/1.1 on the same port", async () => {
  const server = await serve([await peopleModel()]);
  const session = http2.connect(server.url);
  const answers = await Promise.all(Array.from({ length: 50 }, () => over(session, { ":path": "/predict" }, body)));
  for (const { status, text } of answers) {
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ sum: 51 });
  }
  expect(answers[0]!.headers["ingot-package"]).toMatch(/^sha256:/);
  expect((await over(session, { ":path": "/nothing" })).status).toBe(404);
  expect((await over(session, { ":path": "/predict" }, "{")).status).toBe(400);
  expect((await fetch(`${server.url}/predict`, { method: "POST", body })).status).toBe(200);
  session.close();
  await server.close();
});

test("closing ends HTTP/2 sessions when their streams are answered", async () => {
  const model = await peopleModel();
  const server = await serve([{ ...model, predictor: slowed(model.predictor, 80) }]);
  const session = http2.connect(server.url);
  const underway = over(session, { ":path": "/predict" }, body);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const ended = once(session, "close");
  await server.close();
  expect((await underway).status).toBe(200);
  await ended;
});

test("an HTTP/2 client that had only connected when closing begins is answered, then its session ends", async () => {
  const server = await serve([await peopleModel()]);
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  await once(socket, "connect");
  await fetch(`${server.url}/v2/health/live`);
  const closing = server.close();
  const session = http2.connect(server.url, { createConnection: () => socket });
  const ended = once(session, "close");
  expect((await over(session, { ":path": "/predict" }, body)).status).toBe(200);
  await Promise.all([closing, ended]);
  // Below the 30 s after which whatever is left is destroyed.
}, 20_000);

test("a body too large over HTTP/2 is refused, and the session goes on", async () => {
  const server = await serve([await peopleModel()], { bodyLimit: 1000 });
  const session = http2.connect(server.url);
  expect((await over(session, { ":path": "/predict" }, "x".repeat(5000))).status).toBe(413);
  expect((await over(session, { ":path": "/predict" }, body)).status).toBe(200);
  session.close();
  await server.close();
});

test("TLS: HTTP/2 by ALPN, HTTP/1.1 for others; a renewed certificate is taken, a broken one is not", async () => {
  const certificate = path.join(folder, "cert.pem");
  const key = path.join(folder, "key.pem");
  copyFileSync(pem("one.cert.pem"), certificate);
  copyFileSync(pem("one.key.pem"), key);
  const server = await serve([await peopleModel()], { tls: { certificate, key } });
  expect(server.url).toMatch(/^https:/);
  const session = http2.connect(server.url, { rejectUnauthorized: false });
  expect((await over(session, { ":path": "/predict" }, body)).status).toBe(200);
  expect((session.socket as TLSSocket).alpnProtocol).toBe("h2");
  session.close();
  const status = await new Promise((resolve, reject) => {
    const sent = httpsRequest(`${server.url}/predict`, { method: "POST", rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject).end(body);
  });
  expect(status).toBe(200);
  await server.close();

  const files = new TlsFiles(certificate, key);
  const [used, refused]: [unknown[], unknown[]] = [[], []];
  files.watch(
    (pair) => used.push(pair),
    (error) => refused.push(error),
    20,
  );
  writeFileSync(certificate, "nothing");
  while (refused.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  copyFileSync(pem("two.cert.pem"), certificate);
  copyFileSync(pem("two.key.pem"), key);
  while (used.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  files.close();
  expect(() => new TlsFiles(certificate, pem("one.key.pem"))).toThrow(/no certificate with its key/);
});

test.each<[how: string, checkMs: number]>([
  ["its files are looked at", 20],
  ["it is asked to reload", 3_600_000],
])("the renewed certificate is what new connections see, of HTTP and of gRPC, when %s", async (_how, checkMs) => {
  const certificate = path.join(folder, `renewed${checkMs}.cert.pem`);
  const key = path.join(folder, `renewed${checkMs}.key.pem`);
  copyFileSync(pem("one.cert.pem"), certificate);
  copyFileSync(pem("one.key.pem"), key);
  const server = await serve([await peopleModel()], {
    tls: { certificate, key },
    certificateCheckMs: checkMs,
    grpcPort: 0,
  });
  const seen = async (port: number) => {
    const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    await once(socket, "secureConnect");
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };
  const ports = [server.port, server.grpcPort!];
  for (const port of ports) expect(await seen(port)).toBe("one.ingot.test");
  copyFileSync(pem("two.cert.pem"), certificate);
  copyFileSync(pem("two.key.pem"), key);
  if (checkMs > 20) server.reloadCertificate();
  for (const port of ports)
    while ((await seen(port)) !== "two.ingot.test") await new Promise((resolve) => setTimeout(resolve, 20));
  await server.close();
});

test("gRPC's port: who says nothing, or no HTTP/2, is cut off", async () => {
  const server = await serve([await peopleModel()], { headersTimeoutMs: 150, grpcPort: 0 });
  for (const text of ["", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\n\r\n", "\0\0\0"]) {
    const socket = connect(server.grpcPort!, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    socket.resume();
    socket.write(text);
    await once(socket, "close");
  }
  await server.close();
});

test("a Unix socket: answered, a left one replaced, one in use or another file refused", async () => {
  const socketPath = path.join(folder, "ingot.sock");
  // A program that was killed leaves its socket.
  const other = createServer().listen(socketPath);
  await once(other, "listening");
  await expect(serve([await peopleModel()], { socket: socketPath })).rejects.toThrow(/another program listens there/);
  await new Promise((resolve) => other.close(resolve));
  const server = await serve([await peopleModel()], { socket: socketPath });
  expect(server.url).toBe(`unix:${socketPath}`);
  const status = await new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath, path: "/predict", method: "POST" }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject).end(body);
  });
  expect(status).toBe(200);
  await server.close();
  expect(existsSync(socketPath)).toBe(false);
  writeFileSync(socketPath, "mine");
  await expect(serve([await peopleModel()], { socket: socketPath })).rejects.toThrow(/no socket/);
});

/** All that a server says to bytes as they are. */
async function said(server: RunningServer, ...sent: (string | number)[]): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => socket.destroy());
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, "close");
  for (const part of sent) {
    if (typeof part === "number") await new Promise((resolve) => setTimeout(resolve, part));
    else if (part === "END") socket.end();
    else socket.write(part, "latin1");
  }
  await closed;
  return Buffer.concat(chunks).toString();
}

test("slow and silent clients are cut off; others are answered meanwhile", async () => {
  const server = await serve([await peopleModel()], { headersTimeoutMs: 150, requestTimeoutMs: 300 });
  const slow = [
    said(server),
    said(server, "P"),
    said(server, "POST /predict HTTP/1.1\r\nHost: a\r\n", 50, "X: 1\r\n", 50, "Y: 2\r\n"),
    said(server, "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n{", 100, '"'),
    said(server, "PRI * HTTP/2.0\r\n"),
  ];
  for (let turn = 0; turn < 5; turn++)
    expect((await fetch(`${server.url}/predict`, { method: "POST", body })).status).toBe(200);
  const answers = await Promise.all(slow);
  expect(answers[0]).toBe("");
  expect(answers[2]).toMatch(/^HTTP\/1\.1 408 .*REQUEST_TIMEOUT/s);
  expect(answers[3]).toMatch(/^(HTTP\/1\.1 408 |$)/);
  await server.close();
});

test("a client that ends its side has left: its work is dropped, the connection ends, others are answered", async () => {
  const model = await peopleModel();
  const finished: number[] = [];
  const observers = [({ status }: { status: number }) => finished.push(status)];
  const server = await serve([{ ...model, predictor: slowed(model.predictor, 50) }], { observers });
  const asked = `POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const [left, other] = await Promise.all([
    said(server, asked, 10, "END"),
    fetch(`${server.url}/predict`, { method: "POST", body }),
  ]);
  expect([left, other.status]).toEqual(["", 200]);
  expect(await said(server, "END")).toBe("");
  expect(await said(server, "POST /predict HTTP/1.1\r\n", "END")).toMatch(/^(HTTP\/1\.1 400 |$)/);
  await server.close();
  expect(finished.sort()).toEqual([200, 499]);
});

test("first bytes in pieces, and two requests in one piece", async () => {
  const server = await serve([await peopleModel()]);
  const asked = (connection: string) =>
    `POST /predict HTTP/1.1\r\nHost: a\r\nConnection: ${connection}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const pieces = [...asked("close").slice(0, 6)].flatMap((character) => [character, 5]);
  expect(await said(server, ...pieces, asked("close").slice(6))).toMatch(/"sum":51/);
  expect((await said(server, asked("keep-alive") + asked("close"))).match(/"sum":51/g)).toHaveLength(2);
  await server.close();
});
