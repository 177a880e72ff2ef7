// Images that are extreme or lie, in one batch with usual ones, through steps and a graph: each bad one has its own error, the others are answered.
import { deflateSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { IngotError, type Schema } from "../../../src/core/index.ts";
import { GraphBuilder, int64, writeModel } from "../../../src/onnx/index.ts";
import { compilePipeline, declaredSteps } from "../../../src/pipeline/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";
import { stored } from "./pictures.ts";
import { png } from "./png_made.ts";

const files = new Map(
  stored<{ name: string; file?: string }[]>("pillow/decode").flatMap(({ name, file }) => (file ? [[name, file]] : [])),
);
const bytesOf = (name: string) => Buffer.from(files.get(name)!, "base64");

/** Grey throughout: of each block only "no difference" (00) and "nothing more" (1010), in the usual Huffman tables. */
function wideJpeg(width: number, height: number): Buffer {
  const bytes = bytesOf("jpeg grey");
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  const scan = bytes.indexOf(Buffer.from([0xff, 0xda]));
  const start = scan + 2 + bytes.readUInt16BE(scan + 2);
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const bits = Buffer.alloc(Math.ceil((blocks * 6) / 8), Buffer.from([0x28, 0xa2, 0x8a]));
  return Buffer.concat([bytes.subarray(0, start), bits, Buffer.from([0xff, 0xd9])]);
}

const widePng = (width: number, height: number) =>
  png(width, height, deflateSync(Buffer.alloc(height * (1 + 3 * width))));

async function open() {
  const g = new GraphBuilder("means");
  const image = g.input("image", "float32", ["N", 16, 16, 3]);
  g.output(g.op("ReduceMean", [image, g.constant(int64([1, 2]))], { keepdims: 0 }), "mean");
  const schema: Schema = {
    inputs: [{ name: "image", type: "float", dtype: "float32", shape: [16, 16, 3], layout: "batch" }],
    outputs: [{ name: "mean", type: "float", dtype: "float32", shape: [3], layout: "batch" }],
  };
  const where = () => "ingot.yaml";
  const before = declaredSteps(
    [
      { decode_image: { column: "image", mode: "rgb" } },
      { resize: { column: "image", size: { height: 16, width: 16 }, filter: "bilinear" } },
      { rescale: { column: "image", factor: 1 } },
    ],
    "before",
    where,
  );
  const parts = { inputs: [{ name: "image", type: "bytes" as const }], before, after: [], schema, where };
  const made = compilePipeline(parts, g.build());
  const pipeline = { work: made.work, read: () => Promise.reject(new Error("no files")) };
  return openPredictor({ bytes: writeModel(made.model) }, made.schema, { pipeline });
}

const predictor = await open();
afterAll(() => predictor.close());

const photo = bytesOf("jpeg noise");
const cuts = [0.1, 0.4, 0.75, 0.95, 0.999].map((share) => photo.subarray(0, Math.floor(photo.length * share)));

const rows: readonly [what: string, file: Buffer | Uint8Array, code: string | null][] = [
  ["a usual PNG", bytesOf("png RGB"), null],
  ["a PNG that claims 60,000 × 60,000", png(60_000, 60_000, deflateSync(Buffer.alloc(4096))), "FILE_TOO_LARGE"],
  ["a PNG of 30,000 × 1,000", widePng(30_000, 1000), null],
  ["a JPEG of 30,000 × 1,000", wideJpeg(30_000, 1000), null],
  ["a PNG of 30,000 × 2,000", widePng(30_000, 2000), "FILE_TOO_LARGE"],
  ["a JPEG of 30,000 × 2,000", wideJpeg(30_000, 2000), "FILE_TOO_LARGE"],
  ...cuts.map((file, at): [string, Buffer, string] => [`a JPEG cut, ${at}`, file, "FILE_TRUNCATED"]),
  ["a PNG whose data are 64 MB of zeros", png(9, 9, deflateSync(Buffer.alloc(2 ** 26))), "FILE_MALFORMED"],
  ["a usual JPEG", bytesOf("jpeg 420 baseline 90"), null],
];

test("extreme images in a batch with usual ones", async () => {
  const answers = await predictor.predictEach(rows.map(([, image]) => ({ image: new Uint8Array(image) })));
  const found = answers.map((answer) => (answer instanceof IngotError ? answer.code : null));
  expect(found).toEqual(rows.map(([, , code]) => code));
  answers.forEach((answer, at) => {
    if (answer instanceof IngotError) expect(answer.what).toMatch(new RegExp(`\\(row ${at}\\)$`));
  });
  const alone = await predictor.predict([{ image: new Uint8Array(rows[0]![1]) }]);
  expect(answers[0]).toEqual(alone[0]);
  expect(answers[2]).toEqual({ mean: [0, 0, 0] });
  const grey = (answers[3] as { mean: number[] }).mean;
  expect(new Set(grey).size).toBe(1);
  // Decoding was bounded by the limit of pixels: three bytes for each, twice over, and the batch's tensors.
  expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(1500);
});
