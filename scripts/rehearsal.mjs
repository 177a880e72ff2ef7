// What the build runs of the bundle before it is used: the commands whose start people wait for, on the demo's models, as they use them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const here = import.meta.dirname;
const demo = path.join(here, "..", "demo");
const fixtures = path.join(here, "..", "fixtures");
/** The kinds of files that people scan most; nothing is found in these. */
const scanned = [
  path.join(demo, "penguins", "species.pkl"),
  path.join(demo, "delay.txt"),
  ...["pickle", "joblib", "numpy", "safetensors"].map((name) => path.join(fixtures, name)),
  ...["checkpoint-1.12.1.pt", "script-1.12.1.pt", "legacy-1.12.1.pth", "state_dict-2.8.0.pt"].map((name) =>
    path.join(fixtures, "pytorch", name),
  ),
];

/**
 * Runs every rehearsal in turn on a bundle, which leaves `<chunk>.v8` beside each chunk.
 * @param folder dist/cli, or one like it
 * @returns names of the chunks that each rehearsal loaded
 */
export async function rehearse(folder) {
  const home = mkdtempSync(path.join(tmpdir(), "ingot-build-"));
  const list = path.join(home, "chunks.json");
  // What V8 compiles holds hashes of texts, whose seed is random: fixed here, so that every build gives the same bytes.
  const begin = (kept, words) =>
    spawn(process.execPath, ["--random-seed=1", path.join(here, "rehearse.cjs"), folder, list, kept, ...words], {
      env: { ...process.env, INGOT_HOME: home, NODE_OPTIONS: "" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
  const ended = async (child, words) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    const [status] = await once(child, "close");
    // Where a runtime has no binary for this machine, the rest is built all the same.
    if (status !== 0) process.stderr.write(`• \`ingot ${words.join(" ")}\` failed while it was rehearsed:\n${said}`);
    return existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : [];
  };
  const run = (...words) => ended(begin("keep", words), words);
  try {
    // Whoever packs waits for more than the start: what it alone uses would only make the others' larger.
    const packing = ["pack", demo];
    const loaded = { pack: await ended(begin("drop", packing), packing) };
    const record = readFileSync(path.join(demo, "examples.jsonl"), "utf8").split("\n", 1)[0];
    const inputs = JSON.stringify(JSON.parse(record).inputs);
    const port = await freePort();
    const words = ["serve", "flight-delay", "--port", String(port), "--grpc-port", "off"];
    const server = begin("keep", words);
    const end = ended(server, words);
    await asked(`http://127.0.0.1:${port}/predict`, inputs, server);
    if (server.connected) server.send("stop");
    loaded.serve = await end;
    loaded.predict = await run("predict", "flight-delay", inputs);
    loaded.scan = await run("scan", ...scanned);
    loaded.version = await run("--version");
    return loaded;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Asks until the server answers, has ended, or took too long: the build goes on without it then. */
async function asked(url, body, server) {
  const end = Date.now() + 60_000;
  while (server.exitCode === null && server.signalCode === null && Date.now() < end) {
    const response = await fetch(url, { method: "POST", body }).catch(() => null);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
