// Renewing the certificate of a server that runs, by the signal: HTTP and gRPC, one process and several.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packNumbered } from "./numbered_package.ts";

const root = path.join(import.meta.dirname, "../..");
const scratch = mkdtempSync(path.join(tmpdir(), "ingot-certificates-"));
const home = path.join(scratch, "home");
const [certificate, key] = [path.join(scratch, "cert.pem"), path.join(scratch, "key.pem")];
const put = (which: string) => {
  for (const [kind, file] of [["cert", certificate] as const, ["key", key] as const])
    copyFileSync(path.join(root, "test/serve/listener/tls", `${which}.${kind}.pem`), file);
};
beforeAll(() => packNumbered(scratch, home, 1));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Names of the certificates that so many connections in turn are shown. */
async function shown(port: number, times: number): Promise<string[]> {
  const names = new Set<string>();
  for (let i = 0; i < times; i++) {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    await once(socket, "secureConnect");
    names.add(String(socket.getPeerCertificate().subject.CN));
    socket.destroy();
  }
  return [...names];
}

test.each([
  ["one process", 1],
  ["two workers", 2],
])("SIGHUP, with %s", async (_how, workers) => {
  put("one");
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...[path.join(root, "bin/ingot.mjs"), "serve", "numbered", "--json", "--port", "0", "--workers", String(workers)],
      ...["--tls-cert", certificate, "--tls-key", key],
    ],
    { env: { ...process.env, INGOT_HOME: home }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  child.stderr!.on("data", (chunk) => {
    log += chunk;
  });
  const [said] = (await once(child.stdout!, "data")) as [Buffer];
  const { url, grpcPort } = JSON.parse(said.toString()) as { url: string; grpcPort: number };
  const ports = [Number(new URL(url).port), grpcPort];
  // Connections go to workers in turn, so that some of eight reach each.
  for (const port of ports) expect(await shown(port, 8)).toEqual(["one.ingot.test"]);

  writeFileSync(certificate, "-----BEGIN CERTIFICATE-----\nbroken\n");
  child.kill("SIGHUP");
  const refusals = () => log.split("\n").filter((line) => line.includes('"certificate refused"'));
  while (refusals().length < workers) await new Promise((resolve) => setTimeout(resolve, 20));
  const { level, why } = JSON.parse(refusals()[0]!) as { level: string; why: string };
  expect([level, why]).toEqual(["error", expect.stringContaining("no certificate with its key")]);
  expect(why).toContain(certificate);
  for (const port of ports) expect(await shown(port, 8)).toEqual(["one.ingot.test"]);

  put("two");
  child.kill("SIGHUP");
  for (const port of ports)
    while ((await shown(port, 8)).join() !== "two.ingot.test") await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
});
