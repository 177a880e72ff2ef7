// Files that want the scanner to hang, to run out of memory or to fail: every one ends with a report that does not call it clean, in a process
// whose heap holds 200 MB and that may not take a gigabyte in all.
import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import type { ScanReport } from "../../src/scan/index.ts";
import { joined, op } from "./corpus/pickle_writer.ts";
import { latin1, u32, u64 } from "./corpus/sample.ts";
import { tar, zip } from "./corpus/zip_writer.ts";

const folder = mkdtempSync(path.join(tmpdir(), "ingot-hostile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const many = 300_000;
const huge = 2n ** 63n - 1n;
const repeat = (bytes: Uint8Array, times: number) => Buffer.concat(Array.from({ length: times }, () => bytes));

/** Every list holds the one before twice: 2^200 of them, written out. */
const laughs = joined(op.proto(2), op.emptyList, ...Array.from({ length: 200 }, () => latin1("2\x86")), op.stop);
const numbered = (times: number, one: (i: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: times }, (_, i) => one(i)));
const memo = joined(
  op.proto(2),
  numbered(many, (i) => joined(latin1("Nr"), u32(i * 7919))),
  op.stop,
);

function nest(times: number, wrap: (inner: Buffer) => Buffer, inner: Buffer): Buffer {
  let bytes = inner;
  for (let i = 0; i < times; i++) bytes = wrap(bytes);
  return bytes;
}

function npy(shape: string): Buffer {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117, " ").concat("\n");
  return Buffer.concat([latin1("\x93NUMPY\x01\x00"), Buffer.from([header.length, 0]), latin1(header)]);
}

/** A zip whose directory claims more than there is, in its Zip64 fields. */
const zip64 = Buffer.concat([
  zip([{ name: "a", bytes: latin1("x") }]).subarray(0, -22),
  latin1("PK\x06\x06"),
  u64(44),
  Buffer.alloc(4),
  Buffer.alloc(8),
  u64(huge),
  u64(huge),
  u64(huge),
  u64(0),
  latin1("PK\x06\x07"),
  Buffer.alloc(16),
  latin1("PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0"),
]);

const zeros = Buffer.alloc(64 << 20);
const json = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

const hostile: [name: string, bytes: Uint8Array][] = [
  ["billion-laughs.pkl", laughs],
  ["memo.pkl", memo],
  ["marks.pkl", joined(op.proto(2), repeat(op.mark, many), op.stop)],
  ["tuples.pkl", joined(op.proto(2), op.none, repeat(op.tuple1, many), op.stop, latin1("x"))],
  ["stack.pkl", joined(op.proto(2), repeat(op.none, many), op.stop, latin1("x"))],
  ["dup.pkl", joined(op.proto(2), op.none, repeat(latin1("2"), many), op.stop, latin1("x"))],
  [
    "globals.pkl",
    joined(
      op.proto(2),
      numbered(50_000, (i) => op.global("m", `g${i}`)),
      op.stop,
    ),
  ],
  ["calls.pkl", joined(op.proto(2), op.global("os", "system"), repeat(latin1("2)R0"), many), op.stop)],
  ["bytes8.pkl", joined(op.proto(4), Buffer.from([0x8e]), u64(huge))],
  ["text8.pkl", joined(op.proto(4), Buffer.from([0x8d]), u64(2n ** 64n - 1n))],
  ["bytearray8.pkl", joined(op.proto(5), Buffer.from([0x96]), u64(huge))],
  ["long4.pkl", joined(op.proto(2), Buffer.from([0x8b]), u32(0x7fff_ffff))],
  ["frame.pkl", joined(op.proto(4), Buffer.from([0x95]), u64(huge))],
  ["line.pkl", joined(op.proto(0), latin1("S'"), repeat(latin1("a"), 9 << 20))],
  ["pickles.pkl", repeat(joined(op.proto(2), op.none, op.stop), 20_000)],
  [
    "nested.pkl",
    nest(12, (inner) => joined(op.proto(2), op.bytes(inner), op.stop), joined(op.proto(2), op.none, op.stop)),
  ],
  ["shape.npy", npy("(9223372036854775807, 9223372036854775807)")],
  ["brackets.npy", npy("(".repeat(50))],
  ["length.safetensors", Buffer.concat([u64(huge), latin1("{}")])],
  ["depth.safetensors", Buffer.concat([u64(200_000), latin1(`{"a":${json(99_997)}`.padEnd(200_000))])],
  ["counts.gguf", Buffer.concat([latin1("GGUF"), u32(3), u64(huge), u64(huge)])],
  ["depth.json", latin1(`{"learner":{"attributes":${json(many)}}}`)],
  ["depth-keras.json", latin1(`{"class_name":"Sequential","config":${json(many)}}`)],
  ["depth.xml", latin1(`<?xml version="1.0"?><PMML version="4.4">${"<a>".repeat(many)}`)],
  ["depth.html", latin1(`<net name="x" version="11">${"<a>".repeat(many)}`)],
  ["depth.yaml", latin1(`flavors: ${json(20_000)}\n\u0001`)],
  ["zip-in-zip.zip", nest(60, (inner) => zip([{ name: "a.zip", bytes: inner }]), latin1("x"))],
  ["gzip-in-gzip.gz", nest(60, (inner) => gzipSync(inner), latin1("x"))],
  ["tar-in-tar.tar", nest(40, (inner) => tar([{ name: "a.tar", bytes: inner }]), latin1("x"))],
  ["zip64.zip", zip64],
  ["members.zip", zip(Array.from({ length: 70_000 }, (_, i) => ({ name: `f${i}`, bytes: new Uint8Array(0) })))],
  ["bomb.zip", zip([{ name: "zeros", bytes: zeros, deflate: true }])],
  ["bomb.gz", gzipSync(zeros)],
  ["bomb.zst", zstdCompressSync(zeros)],
  ["tar-size.tar", tarOf(Buffer.from([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
  ["hdf5.h5", Buffer.concat([Buffer.from("894844460d0a1a0a", "hex"), Buffer.alloc(88, 0xff)])],
  ["flatbuffer.tflite", Buffer.concat([u32(0x7fff_fff0), latin1("TFL3"), Buffer.alloc(64, 0x7f)])],
  ["protobuf.onnx", Buffer.concat([Buffer.from([0x08, 0x08, 0x3a, 0x10]), repeat(Buffer.from([0x0a, 0x02]), 100_000)])],
  ["onnx-depth.onnx", Buffer.concat([Buffer.from([0x08, 0x08]), nestedGraphs(500)])],
];

function tarOf(size: Buffer): Buffer {
  const header = Buffer.alloc(1024);
  header.write("a", 0);
  size.copy(header, 124);
  header.write("ustar\x0000", 257, "latin1");
  header.fill(" ", 148, 156);
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** A graph in an attribute of a node in a graph … */
function nestedGraphs(depth: number): Buffer {
  const field = (number: number, content: Uint8Array) =>
    Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
  const graph = nest(depth, (inner) => field(1, field(5, field(6, inner))), Buffer.alloc(0));
  return field(7, graph);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

const script = path.join(import.meta.dirname, "scan_child.ts");

/** Scans in a process of its own, whose memory is measured. */
function scanned(file: string): { report: ScanReport; peak: number } {
  const run = spawnSync(process.execPath, ["--max-old-space-size=200", script, file], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
  return JSON.parse(run.stdout);
}

test("every one is bounded and is not clean", () => {
  const names: string[] = [];
  for (const [name, bytes] of hostile) {
    writeFileSync(path.join(folder, name), bytes);
    names.push(name);
  }
  const endless = openSync(path.join(folder, "sparse.safetensors"), "w");
  writeSync(endless, Buffer.concat([u64(2), latin1("{}")]));
  ftruncateSync(endless, 2 ** 40);
  closeSync(endless);
  const { report, peak } = scanned(folder);
  const failed = report.files.flatMap(({ path: file, unread }) =>
    unread.filter((one) => one.startsWith("a reader failed")).map((one) => `${file}: ${one}`),
  );
  expect(failed).toEqual([]);
  const bad = new Set<string>();
  const top = (file: string) => file.slice(folder.length + 1).split("!/", 1)[0]!;
  for (const file of report.files) if (file.covered < file.size || file.unread.length > 0) bad.add(top(file.path));
  for (const { file, severity } of report.findings) if (severity !== "low") bad.add(top(file));
  expect(names.filter((name) => !bad.has(name))).toEqual([]);
  expect(peak).toBeLessThan(1024);
}, 120_000);
