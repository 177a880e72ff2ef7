// An exported image, taken apart and started by other people's tools: umoci unpacks, a read-only root without root runs, a registry keeps it.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments, parseDocument } from "yaml";
import { withoutSections } from "../../src/edge/image/program.ts";
import { neededBy } from "../../src/edge/image/shared_libraries.ts";
import {
  deployFiles,
  type ExportedImage,
  exportImage,
  kubernetesName,
  packLayout,
  pushImage,
} from "../../src/edge/index.ts";
import { Store } from "../../src/oci/index.ts";
import { pack } from "../../src/package/index.ts";

const root = path.join(import.meta.dirname, "../..");
const scratch = mkdtempSync(path.join(tmpdir(), "ingot-image-"));
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  }
  rmSync(scratch, { recursive: true, force: true });
});

const has = (tool: string, ...args: string[]) =>
  spawnSync(tool, args.length > 0 ? args : ["--version"]).error === undefined;
const isRoot = process.getuid?.() === 0;
const canRun =
  process.platform === "linux" &&
  isRoot &&
  has("umoci") &&
  has("unshare", "-m", "true") &&
  spawnSync("unshare", ["-m", "true"]).status === 0;
if (!canRun)
  console.warn("running an exported image is skipped: it needs root, umoci and unshare (apt install umoci util-linux)");
const registry = "docker-registry";
if (!has(registry)) console.warn("pushing an image is skipped: no docker-registry (apt install docker-registry)");
const debian = path.join(root, ".cache", "debian-base");
if (!existsSync(debian))
  console.warn("an image on Debian is skipped: no .cache/debian-base (scripts/debian_base.sh makes it)");
const isBuilt = existsSync(path.join(root, "dist", "cli", "main.cjs"));

function run(command: string, ...args: string[]): string {
  const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  expect(done.status, `${command} ${args.join(" ")}: ${done.stderr}`).toBe(0);
  return done.stdout;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Starts the image's own command in its own root: mounted read-only, as its own user, with nothing of this machine but /proc. */
async function start(
  layout: string,
  name: string,
): Promise<{ child: ChildProcess; url: string; errors: () => string }> {
  const bundle = path.join(scratch, name);
  run("umoci", "unpack", "--image", `${layout}:1.0.0`, bundle);
  const config = JSON.parse(readFileSync(path.join(bundle, "config.json"), "utf8"));
  expect(config.process.user).toMatchObject({ uid: 65532, gid: 65532 });
  const port = await freePort();
  const rootfs = path.join(bundle, "rootfs");
  const words = [...config.process.args.slice(0, -1), "127.0.0.1", "--port", String(port), "--grpc-port", "off"];
  const script = `mkdir -p ${rootfs}/proc; mount --bind ${rootfs} ${rootfs}; mount -t proc proc ${rootfs}/proc; mount -o remount,bind,ro ${rootfs}; exec env -i ${config.process.env.map((one: string) => `'${one}'`).join(" ")} /usr/sbin/chroot --userspec=65532:65532 ${rootfs} ${words.join(" ")}`;
  const child = spawn("unshare", ["-m", "sh", "-ec", script], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let [said, errors] = ["", ""];
  child.stderr!.on("data", (chunk) => {
    errors += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on("data", (chunk) => {
      said += chunk;
      if (/serving /.test(said)) resolve();
    });
    child.once("exit", () => reject(new Error(`the image ended: ${said} ${errors}`)));
  });
  return { child, url: `http://127.0.0.1:${port}`, errors: () => errors };
}

describe.skipIf(!isBuilt || process.platform !== "linux")("an image", () => {
  const flight = readFileSync(path.join(root, "demo", "examples.jsonl"), "utf8").split("\n")[0]!;
  const { inputs, outputs } = JSON.parse(flight);
  let store: Store;
  let image: ExportedImage;
  const layout = path.join(scratch, "first");
  beforeAll(async () => {
    store = await Store.open(path.join(scratch, "store"));
    await pack(path.join(root, "demo"), store);
    image = await exportImage("flight-delay", store, layout, { base: "none", compression: "none", version: "0.1.0" });
  });

  test("is a function of its inputs: made again, the same digest", async () => {
    const again = await exportImage("flight-delay:1.0.0", store, path.join(scratch, "second"), {
      base: "none",
      compression: "none",
      version: "0.1.0",
    });
    expect(again.digest).toBe(image.digest);
    rmSync(path.join(scratch, "second"), { recursive: true });
  });

  test("holds one platform's files only, none of which names this machine", () => {
    const names = readdirSync(path.join(layout, "blobs", "sha256")).flatMap((blob) => {
      const list = spawnSync("tar", ["-tvf", path.join(layout, "blobs", "sha256", blob)], { encoding: "utf8" });
      return list.status === 0 ? list.stdout.trimEnd().split("\n") : [];
    });
    expect(names.length).toBeGreaterThan(50);
    for (const name of names) {
      expect(name).toMatch(/^[-d]\S+ 0\/0 +\d+ 1970-01-01/);
      expect(name).not.toMatch(/node_modules\/.*(win32|darwin)|\.map$|onnxruntime-web|DirectML/);
    }
    expect(names.filter((name) => name.includes("libonnxruntime"))).toHaveLength(1);
    // Starts as quickly as here: what V8 compiled when Ingot was built comes along.
    expect(names.filter((name) => /chunks\/serve.*\.cjs\.v8$/.test(name)).length).toBeGreaterThan(0);
  });

  test.skipIf(!canRun)(
    "serves: unpacked by umoci, in a read-only root, as nobody, with the numbers of its package",
    async () => {
      const { child, url, errors } = await start(layout, "bundle");
      const response = await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(inputs) });
      expect(await response.json()).toMatchObject({ label: outputs.label, margin: outputs.margin });
      expect(response.headers.get("ingot-package")).toBe(
        JSON.parse(readFileSync(path.join(layout, "blobs", ...image.digest.split(":")), "utf8")).annotations[
          "ingot.package"
        ],
      );
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      expect(await (await fetch(`${url}/`)).text()).toContain("<div id=");
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      expect(status).toMatch(/^Uid:\s+65532\s+65532/m);
      // ONNX Runtime tells its maker of every model unless it is told not to; here it is.
      expect(errors()).not.toMatch(/telemetry/i);
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([0, null]);
    },
  );

  test.skipIf(!has(registry))("is pushed to a registry, pulled by skopeo, and built upon from there", async () => {
    const port = await freePort();
    const settings = path.join(scratch, "registry.yml");
    writeFileSync(
      settings,
      `version: 0.1\nstorage: { filesystem: { rootdirectory: ${path.join(scratch, "registry")} } }\nhttp: { addr: "127.0.0.1:${port}" }\nlog: { level: error, accesslog: { disabled: true } }\n`,
    );
    const server = spawn(registry, ["serve", settings], { stdio: "ignore" });
    children.push(server);
    const name = `127.0.0.1:${port}/models/flight-delay:1.0.0`;
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => null);
      if (answer?.ok) break;
      if (tries > 200) throw new Error("the registry does not start");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await pushImage(image, name);
    await pushImage(image, name);
    if (has("skopeo")) {
      const shown = JSON.parse(run("skopeo", "inspect", "--tls-verify=false", `docker://${name}`));
      expect([shown.Digest, shown.Layers.length]).toEqual([image.digest, 3]);
    }
    const upon = await exportImage("flight-delay", store, path.join(scratch, "upon"), {
      base: name,
      compression: "none",
      version: "0.1.0",
    });
    const manifest = JSON.parse(readFileSync(path.join(upon.folder, "blobs", ...upon.digest.split(":")), "utf8"));
    expect(manifest.layers).toHaveLength(6);
    expect(manifest.annotations["org.opencontainers.image.base.digest"]).toBe(image.digest);
    rmSync(upon.folder, { recursive: true });
  });

  test.skipIf(!canRun || !existsSync(debian))("is built on a base of Debian and runs with its libraries", async () => {
    const folder = path.join(scratch, "debian");
    const options = { base: `oci:${debian}:base`, compression: "none", version: "0.1.0" } as const;
    const upon = await exportImage("flight-delay", store, folder, options);
    expect(Object.keys(upon.layers)).toEqual(["base", "node", "ingot", "package"]);
    const { child, url } = await start(folder, "debian-bundle");
    const response = await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(inputs) });
    expect(await response.json()).toMatchObject({ label: outputs.label, margin: outputs.margin });
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    rmSync(folder, { recursive: true });
    rmSync(path.join(scratch, "debian-bundle"), { recursive: true });
  });

  test("fits in one file that skopeo reads", async () => {
    const file = path.join(scratch, "image.tar");
    await packLayout(layout, file);
    if (has("skopeo")) expect(JSON.parse(run("skopeo", "inspect", `oci-archive:${file}`)).Digest).toBe(image.digest);
    rmSync(file);
  });

  test.each([
    ["a base that is not there", { base: `oci:${path.join(scratch, "nowhere")}` }, /index\.json/],
    ["a tag that is not there", { base: `oci:${layout}:9.9.9` }, /holds no image "9\.9\.9"/],
    ["a base that is no name", { base: "Debian!" }, /is no name of an image/],
  ])("%s is refused, and nothing is left", async (_name, options, message) => {
    const folder = path.join(scratch, "refused");
    await expect(exportImage("flight-delay", store, folder, { version: "0.1.0", ...options })).rejects.toThrow(message);
    expect([existsSync(folder), existsSync(`${folder}.partial`)]).toEqual([false, false]);
  });
});

describe("files that start it", () => {
  const files = deployFiles({
    image: "registry.example.com/team/churn:1.2.0",
    name: "team/churn_v2",
    version: "1.2.0",
  });

  test("are YAML, name the image, ask for the probes, the user and the read-only root", () => {
    const compose = parseDocument(files["compose.yaml"]!).toJS();
    expect(compose.services["team-churn-v2"]).toMatchObject({
      image: "registry.example.com/team/churn:1.2.0",
      read_only: true,
      user: "65532:65532",
    });
    const objects = parseAllDocuments(files["kubernetes.yaml"]!).map((document) => document.toJS());
    expect(objects.map(({ kind }) => kind)).toEqual([
      "Deployment",
      "Service",
      "HorizontalPodAutoscaler",
      "PodDisruptionBudget",
    ]);
    const [container] = objects[0].spec.template.spec.containers;
    expect(container).toMatchObject({
      readinessProbe: { httpGet: { path: "/readyz", port: "http" } },
      securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
    });
    const service = parseDocument(files["kserve.yaml"]!).toJS();
    expect(service).toMatchObject({ apiVersion: "serving.kserve.io/v1beta1", kind: "InferenceService" });
    expect(service.spec.predictor.containers[0].ports).toEqual([{ name: "http1", containerPort: 8080 }]);
  });

  test.each([
    ["team/churn_v2", "team-churn-v2"],
    ["a".repeat(80), "a".repeat(50)],
    ["x.y", "x-y"],
  ])("%s is called %s", (name, called) => {
    expect(kubernetesName(name)).toBe(called);
  });
});

test("what is no program is refused before anything is read from it", () => {
  for (const bytes of [Buffer.from("#!/bin/sh\n"), Buffer.alloc(200), Buffer.from("7f454c460201010000", "hex")])
    expect(() => neededBy(bytes, "x")).toThrow(/is no 64-bit/);
  const cut = readFileSync(process.execPath).subarray(0, 100);
  if (process.platform === "linux") expect(() => neededBy(cut, "node")).toThrow(/ends before its headers do/);
});

test.runIf(process.platform === "linux")("a program without what is for debuggers is smaller, and runs", async () => {
  const { begin, size } = await withoutSections(process.execPath);
  const program = path.join(scratch, "program");
  copyFileSync(process.execPath, program);
  truncateSync(program, size!);
  const file = openSync(program, "r+");
  writeSync(file, begin!, 0, begin!.byteLength, 0);
  closeSync(file);
  expect(size).toBeLessThanOrEqual(statSync(process.execPath).size);
  expect(run(program, "-p", "process.version").trim()).toBe(process.version);
  rmSync(program);
});

test.each([
  ["is no program", Buffer.from("#!/bin/sh\n"), /is no 64-bit/],
  ["has no header to the end", Buffer.alloc(20, Buffer.from("7f454c460201", "hex")), /is no 64-bit/],
  ["names headers it has not", programOf({ count: 9 }), /ends before its headers do/],
  ["names more than it holds", programOf({ size: 2n ** 40n }), /ends before what is loaded of it does/],
])("what %s is not packed", async (_name, bytes, message) => {
  const file = path.join(scratch, "no-program");
  writeFileSync(file, bytes);
  await expect(withoutSections(file)).rejects.toThrow(message);
});

/** The least that is a program: a header and one program header. */
function programOf({ count = 1, size = 0n }): Buffer {
  const bytes = Buffer.alloc(120);
  bytes.write("7f454c460201", 0, "hex");
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(count, 56);
  bytes.writeBigUInt64LE(size, 64 + 32);
  return bytes;
}
