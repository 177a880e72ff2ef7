// Other servers' clients, unmodified, against a server started as the README says. scripts/clients.sh installs them.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Peer } from "../serve/grpc/peer.ts";

const root = path.join(import.meta.dirname, "../..");
const folder = execFileSync("bash", ["scripts/clients.sh"], { cwd: root, encoding: "utf8" }).trim();
const python = path.join(root, folder, "venv/bin/python");
const hasPython = folder !== "" && existsSync(python);
const grpcurl = path.join(root, ".cache/clients/bin/grpcurl");
const perfFolder = path.join(root, ".cache/clients/perf_analyzer");
const perfAnalyzer = path.join(perfFolder, "perf_analyzer");
if (!hasPython) console.warn("conformance/clients: skipped, run `bash scripts/clients.sh install` to install them");
if (!existsSync(grpcurl)) console.warn("conformance/clients: grpcurl is skipped, it is not in .cache/clients");
if (!existsSync(perfAnalyzer))
  console.warn("conformance/clients: perf_analyzer is skipped, it is not in .cache/clients");

const bin = path.join(root, "bin", "ingot.mjs");
const home = mkdtempSync(path.join(tmpdir(), "ingot-clients-"));
const env = { ...process.env, INGOT_HOME: home };
let server: ChildProcess;
let url = "";
let grpc = "";

async function serve(...args: string[]) {
  const all = [bin, "serve", ...args, "--port", "0", "--model-control", "--json"];
  const child = spawn(process.execPath, all, { env, stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout!, "data")) as [Buffer];
  const { url: at, grpcPort } = JSON.parse(said.toString()) as { url: string; grpcPort: number };
  return { child, url: at, grpc: `127.0.0.1:${grpcPort}` };
}

async function stop(child: ChildProcess) {
  child.kill("SIGTERM");
  await once(child, "exit");
}

const pack = (project: string) =>
  execFileSync(process.execPath, [bin, "pack", path.join(root, project), "--quiet"], { env, stdio: "ignore" });

beforeAll(async () => {
  for (const project of ["demo", "demo/penguins"]) pack(project);
  ({ child: server, url, grpc } = await serve("flight-delay", "penguins"));
});
afterAll(async () => {
  if (server) await stop(server);
  rmSync(home, { recursive: true, force: true });
});

const flights = readFileSync(path.join(root, "demo/examples.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .slice(0, 20)
  .map((line) => JSON.parse(line) as { inputs: Record<string, unknown>; outputs: { label: string } });

describe("in JavaScript", () => {
  test("@aws-sdk/client-sagemaker-runtime", async () => {
    const client = new SageMakerRuntimeClient({
      endpoint: url,
      region: "eu-west-1",
      credentials: { accessKeyId: "any", secretAccessKey: "any" },
    });
    const body = JSON.stringify({ instances: flights.map(({ inputs }) => inputs) });
    const { Body, InvokedProductionVariant, ContentType } = await client.send(
      new InvokeEndpointCommand({ EndpointName: "flight-delay", ContentType: "application/json", Body: body }),
    );
    const answer = JSON.parse(Buffer.from(Body!).toString()) as { predictions: string[] };
    expect(answer.predictions).toEqual(flights.map(({ outputs }) => outputs.label));
    expect([InvokedProductionVariant, ContentType]).toEqual(["main", "application/json"]);
    const nobody = client.send(new InvokeEndpointCommand({ EndpointName: "nobody", Body: body }));
    await expect(nobody).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 }, message: /nobody/ });
    client.destroy();
  });

  test("@grpc/grpc-js with a codec learned from reflection", async () => {
    const peer = new Peer(Number(grpc.split(":")[1]));
    await peer.learn("inference.GRPCInferenceService");
    const about = { model_name: "penguins", inputs: [{ name: "nobody", datatype: "FP32", shape: [1, 1] }] };
    await expect(peer.ask("/inference.GRPCInferenceService/ModelInfer", about)).rejects.toMatchObject({ code: 3 });
    const { answer } = await peer.ask("/inference.GRPCInferenceService/ModelMetadata", { name: "flight-delay" });
    expect(answer).toMatchObject({ name: "flight-delay", versions: ["1.0.0"] });
    peer.client.close();
  });
});

describe.skipIf(!hasPython)("in Python", () => {
  const scripts: [script: string, args: () => string[]][] = [
    ["triton_http.py", () => [url]],
    ["triton_grpc.py", () => [grpc]],
    ["kserve_clients.py", () => [url, grpc]],
    ["mlflow_clients.py", () => [url]],
  ];
  test.each(scripts)("%s", (script, args) => {
    const run = spawnSync(python, [path.join(import.meta.dirname, "clients", script), ...args()], { encoding: "utf8" });
    expect(run.stderr.replace(/^.*Warning.*\n.*\n/gm, "") + run.stdout).toMatch(/: .+\n$/);
    expect(run.status, run.stderr).toBe(0);
    console.log(run.stdout.trim());
  });

  test.skipIf(!existsSync(perfAnalyzer)).each([
    ["http", () => new URL(url).host],
    ["grpc", () => grpc],
  ])("perf_analyzer over %s", (protocol, address) => {
    const data = path.join(home, "flights.json");
    writeFileSync(data, execFileSync(python, [path.join(import.meta.dirname, "clients/perf_data.py"), url]));
    const args = [
      "-m",
      "flight-delay",
      "-i",
      protocol,
      "-u",
      address(),
      "--input-data",
      data,
      "--concurrency-range",
      "4",
    ];
    // How steady a busy machine is says nothing about the server.
    const windows = ["--measurement-mode", "count_windows", "--measurement-request-count", "200", "-s", "999"];
    const run = spawnSync(perfAnalyzer, [...args, ...windows], {
      encoding: "utf8",
      env: { ...env, LD_LIBRARY_PATH: path.join(perfFolder, "lib") },
    });
    expect(run.status, run.stderr + run.stdout).toBe(0);
    // The server's own share is not shown: it looks for a version that is a whole number among the statistics.
    expect(run.stdout).toMatch(/Throughput: [1-9][\d.]* infer\/sec/);
    console.log(`perf_analyzer over ${protocol}: ${/Throughput: .*/.exec(run.stdout)?.[0]}`);
  });
});

describe.skipIf(!hasPython)("schemathesis, which makes requests from /openapi.json", () => {
  test("finds no 500, no status or content type that is not described, no answer that is not of its schema", async () => {
    for (const project of ["examples/text-tfidf", "examples/pytorch-image"]) pack(project);
    // A server of its own: it unloads what it likes.
    const other = await serve("flight-delay", "language", "digits");
    const checks = [
      "not_a_server_error",
      "status_code_conformance",
      "content_type_conformance",
      "response_schema_conformance",
    ];
    const limits = [
      "--phases",
      "examples,coverage,fuzzing,stateful",
      "--max-examples",
      "5",
      // They are the same routes once more.
      "--exclude-path-regex",
      "/versions/",
      "--seed",
      "1",
      "--generation-database",
      "none",
    ];
    const run = spawnSync(
      path.join(root, folder, "venv/bin/schemathesis"),
      ["run", `${other.url}/openapi.json`, "--checks", checks.join(","), ...limits],
      { encoding: "utf8", cwd: home, timeout: 240_000 },
    );
    await stop(other.child);
    expect(run.status, run.stdout.slice(-4000)).toBe(0);
    console.log(`schemathesis: ${/\d+ generated, \d+ passed/.exec(run.stdout)?.[0]}`);
  }, 300_000);
});

describe.skipIf(!existsSync(grpcurl))("grpcurl, which knows the services from reflection alone", () => {
  const call = (...args: string[]) => execFileSync(grpcurl, ["-plaintext", ...args], { encoding: "utf8" });

  test("lists and describes", () => {
    expect(call(grpc, "list").split("\n")).toContain("inference.GRPCInferenceService");
    expect(call(grpc, "describe", "inference.GRPCInferenceService.ModelInfer")).toContain(
      ".inference.ModelInferRequest",
    );
    expect(call(grpc, "describe", "inference.ModelInferRequest")).toContain(
      "map<string, .inference.InferParameter> parameters = 4;",
    );
  });

  test("asks", () => {
    expect(JSON.parse(call(grpc, "grpc.health.v1.Health/Check"))).toEqual({ status: "SERVING" });
    const metadata = JSON.parse(
      call("-d", '{"name": "penguins"}', grpc, "inference.GRPCInferenceService/ModelMetadata"),
    ) as {
      inputs: { name: string; datatype: string }[];
    };
    const island = { name: "", datatype: "", shape: [1, 1] };
    const inputs = metadata.inputs.map(({ name, datatype }) => ({
      ...island,
      name,
      datatype,
      contents:
        datatype === "BYTES"
          ? { bytes_contents: [Buffer.from("Torgersen").toString("base64")] }
          : datatype === "FP64"
            ? { fp64_contents: [40] }
            : { fp32_contents: [40] },
    }));
    const asked = JSON.stringify({ model_name: "penguins", inputs, outputs: [{ name: "label" }] });
    const answer = JSON.parse(call("-d", asked, grpc, "inference.GRPCInferenceService/ModelInfer")) as {
      outputs: object[];
      rawOutputContents: string[];
    };
    expect(answer.outputs).toEqual([{ name: "label", datatype: "BYTES", shape: ["1"] }]);
    expect(Buffer.from(answer.rawOutputContents[0]!, "base64").subarray(4).toString()).toMatch(
      /^(Adelie|Chinstrap|Gentoo)$/,
    );
  });
});
