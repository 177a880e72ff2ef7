// Other servers' clients, unmodified, against a server started as the README says. scripts/clients.sh installs them.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const folder = execFileSync("bash", ["scripts/clients.sh"], { cwd: root, encoding: "utf8" }).trim();
const python = path.join(root, folder, "venv/bin/python");
const hasPython = folder !== "" && existsSync(python);
const grpcurl = path.join(root, ".cache/clients/bin/grpcurl");
const perfAnalyzer = path.join(root, folder, "venv/bin/perf_analyzer");
if (!hasPython) console.warn("conformance/clients: skipped, run `bash scripts/clients.sh install` to install them");
if (!existsSync(grpcurl)) console.warn("conformance/clients: grpcurl is skipped, it is not in .cache/clients");
if (!existsSync(perfAnalyzer)) console.warn("conformance/clients: perf_analyzer is skipped, it does not install here");

const bin = path.join(root, "bin", "ingot.mjs");
const home = mkdtempSync(path.join(tmpdir(), "ingot-clients-"));
const env = { ...process.env, INGOT_HOME: home };
let server: ChildProcess;
let url = "";
let grpc = "";

const enabled = hasPython || existsSync(grpcurl);
beforeAll(async () => {
  if (!enabled) return;
  for (const project of ["demo", "demo/penguins"])
    execFileSync(process.execPath, [bin, "pack", path.join(root, project), "--quiet"], { env, stdio: "ignore" });
  const args = ["serve", "flight-delay", "penguins", "--port", "0", "--model-control", "--json"];
  server = spawn(process.execPath, [bin, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(server.stdout!, "data")) as [Buffer];
  const started = JSON.parse(said.toString()) as { url: string; grpcPort: number };
  url = started.url;
  grpc = `127.0.0.1:${started.grpcPort}`;
});
afterAll(async () => {
  if (server) {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
  rmSync(home, { recursive: true, force: true });
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

  test.skipIf(!existsSync(perfAnalyzer))("perf_analyzer", () => {
    const args = [
      "-m",
      "flight-delay",
      "-u",
      new URL(url).host,
      "--measurement-mode",
      "count_windows",
      "--measurement-request-count",
      "50",
    ];
    const run = spawnSync(perfAnalyzer, args, { encoding: "utf8" });
    expect(run.status, run.stderr + run.stdout).toBe(0);
    expect(run.stdout).toMatch(/throughput/i);
  });
});

describe.skipIf(!hasPython)("schemathesis, which makes requests from /openapi.json", () => {
  test("finds no 500, no status or content type that is not described, no answer that is not of its schema", () => {
    const checks = [
      "not_a_server_error",
      "status_code_conformance",
      "content_type_conformance",
      "response_schema_conformance",
    ];
    const limits = [
      "--phases",
      "examples,coverage,fuzzing",
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
      ["run", `${url}/openapi.json`, "--checks", checks.join(","), ...limits],
      { encoding: "utf8", cwd: home, timeout: 240_000 },
    );
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
