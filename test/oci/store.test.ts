import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digest } from "../../src/core/index.ts";
import { Store } from "../../src/oci/index.ts";
import { addEntry, blobsIn, stagedIn, wholeStore } from "./entries.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-store-"));
  folder = path.join(root, "store");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("a store that does not exist is empty and stays absent until something is written", async () => {
  const store = await Store.open(folder);
  expect(await store.entries()).toEqual([]);
  await store.remove(() => true);
  expect(() => statSync(folder)).toThrow();
  await addEntry(store, "a:1.0.0", ["x"]);
  expect(JSON.parse(readFileSync(path.join(folder, "oci-layout"), "utf8"))).toEqual({ imageLayoutVersion: "1.0.0" });
  expect(await wholeStore(folder)).toEqual(["a:1.0.0"]);
  expect(stagedIn(folder)).toEqual([]);
});

test("content is copied and named by what was written, with holes where the file has zeros", async () => {
  const file = path.join(root, "sparse");
  writeFileSync(file, "");
  truncateSync(file, 64 << 20);
  const handle = openSync(file, "r+");
  writeSync(handle, "in the middle", 30 << 20);
  const store = await Store.open(folder);
  await using writer = await store.write();
  const content = await writer.addFile(file);
  expect(content).toEqual({ digest: digest(readFileSync(file)), size: 64 << 20 });
  const copy = writer.stagedPath(content.digest)!;
  expect(readFileSync(copy).equals(readFileSync(file))).toBe(true);
  expect(statSync(copy).blocks * 512).toBeLessThan(4 << 20);
});

test("a write that is given up leaves nothing, and neither does a commit that is refused", async () => {
  const store = await Store.open(folder);
  await addEntry(store, "a:1.0.0", ["x"]);
  const before = [blobsIn(folder), readFileSync(path.join(folder, "index.json"), "utf8")];
  {
    await using writer = await store.write();
    await writer.addBytes(Buffer.from("abandoned"));
    await expect(
      writer.commit(() => {
        throw new Error("not today");
      }),
    ).rejects.toThrow("not today");
  }
  expect([blobsIn(folder), readFileSync(path.join(folder, "index.json"), "utf8")]).toEqual(before);
  expect(stagedIn(folder)).toEqual([]);
});

test("removing an entry keeps shared blobs, blobs on their way in, and young blobs that nobody names", async () => {
  const store = await Store.open(folder);
  await addEntry(store, "a:1.0.0", ["shared", "only a"]);
  await addEntry(store, "b:1.0.0", ["shared", "only b"]);
  const blob = (text: string) => path.join(folder, "blobs", "sha256", digest(text).slice(7));
  writeFileSync(blob("young"), "young");
  writeFileSync(blob("old"), "old");
  utimesSync(blob("old"), 1e9, 1e9);
  await using writer = await store.write();
  await writer.addBytes(Buffer.from("only a"));

  const { removed, freedBytes } = await store.remove(
    (entry) => entry.annotations?.["org.opencontainers.image.ref.name"] === "a:1.0.0",
  );
  expect(removed).toHaveLength(1);
  expect(freedBytes).toBeGreaterThan(8);
  expect(await wholeStore(folder)).toEqual(["b:1.0.0"]);
  expect(blobsIn(folder)).toContain(digest("young").slice(7));
  expect(blobsIn(folder)).not.toContain(digest("old").slice(7));
  expect(blobsIn(folder)).not.toContain(digest("only a").slice(7));
  await writer.commit((entries) => entries);
  expect(blobsIn(folder)).toContain(digest("only a").slice(7));
});

test("every flipped byte of every file is noticed", async () => {
  const store = await Store.open(folder);
  const entry = await addEntry(store, "a:1.0.0", ["layer one", "layer two"]);
  const manifest = await store.manifest(entry);
  for (const blob of [entry, manifest.config, ...manifest.layers]) {
    const file = store.blobPath(blob.digest);
    const good = readFileSync(file);
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1 << (at % 8);
      writeFileSync(file, bad);
      await expect(store.verify(blob)).rejects.toMatchObject({ code: "STORE_CORRUPT", where: file });
      await expect(store.read(blob)).rejects.toMatchObject({ code: "STORE_CORRUPT", where: file });
    }
    for (const bad of [good.subarray(1), Buffer.concat([good, good])]) {
      writeFileSync(file, bad);
      await expect(store.read(blob)).rejects.toThrow(/bytes/);
    }
    rmSync(file);
    await expect(store.verify(blob)).rejects.toThrow(/not there/);
    writeFileSync(file, good);
  }
  // Writing the same content again heals a damaged blob.
  writeFileSync(store.blobPath(manifest.layers[0]!.digest), "LAYER ONE");
  await addEntry(store, "b:1.0.0", ["layer one"]);
  await wholeStore(folder);
});

const indexes: [name: string, text: string, message: RegExp][] = [
  ["not JSON", "{", /index\.json: is not JSON/],
  ["a list", "[]", /not a JSON object/],
  ["deeply nested", "[".repeat(200_000), /index\.json/],
  ["no version", "{}", /schemaVersion/],
  ["digest escapes", entryWith({ digest: "sha256:../../../etc/passwd" }), /manifests\[0\]: has no valid `digest`/],
  ["negative size", entryWith({ size: -1 }), /manifests\[0\]: has no valid `size`/],
  ["annotation not text", entryWith({ annotations: { a: 1 } }), /annotations: is not a map/],
];
function entryWith(change: object): string {
  const good = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: digest("x"), size: 1 };
  return JSON.stringify({ schemaVersion: 2, manifests: [{ ...good, ...change }] });
}
test.each(indexes)("index.json: %s", async (_name, text, message) => {
  mkdirSync(folder);
  writeFileSync(path.join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(path.join(folder, "index.json"), text);
  const store = await Store.open(folder);
  await expect(store.entries()).rejects.toThrow(message);
  await expect(addEntry(store, "a:1.0.0", ["x"])).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  expect(readFileSync(path.join(folder, "index.json"), "utf8")).toBe(text);
});

test("a folder that is something else is not written into", async () => {
  mkdirSync(folder);
  writeFileSync(path.join(folder, "thesis.doc"), "");
  await expect(Store.open(folder)).rejects.toThrow(/not an OCI layout: it holds `thesis.doc`/);
});

test("a second writer waits its turn, and says so when that takes too long", async () => {
  const store = await Store.open(folder, { lockWaitMs: 50 });
  {
    using _lock = await store.lock();
    await expect(store.write()).rejects.toMatchObject({ code: "STORE_LOCKED", where: folder });
  }
  await addEntry(store, "a:1.0.0", ["x"]);
});

test("many writers at once all get their entry in", async () => {
  const stores = await Promise.all(Array.from({ length: 8 }, () => Store.open(folder)));
  await Promise.all(stores.map((store, index) => addEntry(store, `n${index}:1.0.0`, [`layer ${index % 3}`])));
  expect((await wholeStore(folder)).sort()).toEqual(stores.map((_, index) => `n${index}:1.0.0`));
});

/** @throws with what the child said, where it ends instead */
async function ready(child: ChildProcessWithoutNullStreams): Promise<void> {
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  const died = once(child, "close").then(([status]) => {
    throw new Error(`the writing process ended with ${status}: ${said}`);
  });
  await Promise.race([once(child.stdout, "data"), died]);
  died.catch(() => {});
}

test("stores opened while another process creates them are not taken for foreign folders", async () => {
  for (let round = 0; round < 30; round++) {
    const fresh = path.join(root, `fresh${round}`);
    const store = await Store.open(fresh);
    const creating = (async () => {
      using _lock = await store.lock();
    })();
    const opened: Promise<Store>[] = [];
    for (let turn = 0; turn < 40; turn++) {
      opened.push(Store.open(fresh));
      await new Promise(setImmediate);
    }
    await Promise.all([creating, ...opened]);
  }
});

test("kill -9 at any moment leaves a whole store, and the next write removes the leftovers", async () => {
  const script = path.join(import.meta.dirname, "writing_child.ts");
  let last = 0;
  for (let round = 0; round < 12; round++) {
    const children = ["left", "right"].map((prefix) => spawn(process.execPath, [script, folder, `${prefix}${round}`]));
    await Promise.all(children.map(ready));
    await pause(20 + Math.random() * 120);
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => once(child, "close")));
    const names = await wholeStore(folder);
    expect(names.length).toBeGreaterThanOrEqual(last);
    last = names.length;
  }
  expect(last).toBeGreaterThan(0);
  await addEntry(await Store.open(folder), "after:1.0.0", ["x"]);
  expect(stagedIn(folder)).toEqual([]);
  // Two processes start in every round, and every write waits for the disk: minutes on a slow one.
}, 180_000);

test("a full disk is named, and leaves the store as it was", async (context) => {
  const disk = path.join(root, "disk");
  mkdirSync(disk);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
  if (mounted.status !== 0) return context.skip("needs the right to mount a small disk");
  try {
    const store = await Store.open(path.join(disk, "store"));
    await addEntry(store, "a:1.0.0", ["x"]);
    const file = path.join(root, "large");
    writeFileSync(file, Buffer.alloc(8 << 20, 7));
    await expect(addEntry(store, "b:1.0.0", ["y".repeat(4 << 20)])).rejects.toMatchObject({ code: "DISK_FULL" });
    await expect(
      (async () => {
        await using writer = await store.write();
        await writer.addFile(file);
      })(),
    ).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await wholeStore(store.folder)).toEqual(["a:1.0.0"]);
    expect(stagedIn(store.folder)).toEqual([]);
    // Full to the last byte: even the lock and the index find no room.
    spawnSync("dd", ["if=/dev/zero", `of=${path.join(disk, "filler")}`, "bs=4k"]);
    await expect(addEntry(store, "c:1.0.0", ["z"])).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await wholeStore(store.folder)).toEqual(["a:1.0.0"]);
    rmSync(path.join(disk, "filler"));
    await addEntry(store, "c:1.0.0", ["z"]);
  } finally {
    execFileSync("umount", [disk]);
  }
});

test("a file that changes while it is copied is refused", async () => {
  const file = path.join(root, "log");
  writeFileSync(file, Buffer.alloc(48 << 20, 1));
  const handle = openSync(file, "r+");
  const store = await Store.open(folder);
  await using writer = await store.write();
  const refused = expect(writer.addFile(file, "log")).rejects.toThrow(/log: changed while it was packed/);
  let isOver = false;
  const over = refused.finally(() => {
    isOver = true;
  });
  // Again and again: a single change may come before the first look at the file, and times of change may be coarse.
  while (!isOver) {
    writeSync(handle, "changed", 0);
    await pause(1);
  }
  await over;
});
