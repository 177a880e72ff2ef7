// Decoded files against Pillow: equal, pixel for pixel. Hostile files: refused with a code, before memory is taken.
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IngotError } from "../../../src/core/index.ts";
import { hostKinds } from "../../../src/pipeline/index.ts";
import { column, planStep } from "../step_harness.ts";
import { stored } from "./pictures.ts";
import { chunk, png } from "./png_made.ts";

interface Case {
  readonly name: string;
  readonly mode: "RGB" | "L" | "RGBA";
  readonly width: number;
  readonly height: number;
  readonly alpha?: [number, number, number];
  readonly file?: string;
  readonly sha256: string;
}

const cases = stored<Case[]>("pillow/decode");
const files = new Map(cases.flatMap(({ name, file }) => (file ? [[name, file]] : [])));

const image = [column("image", "string", { isBytes: true })];

async function decode(options: Record<string, unknown>, values: readonly unknown[]) {
  const plan = planStep({ step: "decode_image", options: { column: "image", ...options }, columns: image });
  const kind = await hostKinds["decode_image"]!();
  const runner = await kind.open(plan.host!.settings, async () => new Uint8Array());
  return runner.run([values], values.length);
}

async function refusal(value: unknown, options: Record<string, unknown> = {}): Promise<IngotError> {
  const [result] = await decode(options, [value]);
  expect(result).toBeInstanceOf(IngotError);
  return result as IngotError;
}

test.each(cases.map((each) => [`${each.name}, ${each.mode}${each.alpha ? " over a colour" : ""}`, each] as const))(
  "%s: Pillow's pixels",
  async (_name, { name, mode, alpha, width, height, sha256 }) => {
    const modes = { RGB: "rgb", L: "grey", RGBA: "rgba" } as const;
    const [result] = await decode({ mode: modes[mode], ...(alpha ? { alpha } : {}), size: "size" }, [files.get(name)]);
    const [pixels, size] = result as { dims: number[]; data: Uint8Array }[];
    expect(pixels!.dims).toEqual([height, width, { RGB: 3, L: 1, RGBA: 4 }[mode]]);
    expect(Array.from(size!.data, Number)).toEqual([height, width]);
    expect(createHash("sha256").update(pixels!.data).digest("hex")).toBe(sha256);
  },
);

test("orientation can be ignored, and bytes are taken as they are", async () => {
  const bytes = new Uint8Array(Buffer.from(files.get("jpeg turned 6")!, "base64"));
  const [result] = await decode({ orientation: "ignore" }, [bytes]);
  expect((result as { dims: number[] }[])[0]!.dims).toEqual([29, 41, 3]);
});

const bytesOf = (name: string) => new Uint8Array(Buffer.from(files.get(name)!, "base64"));

/** A JPEG with another size in its frame. */
function claims(width: number, height: number): Uint8Array {
  const bytes = bytesOf("jpeg 420 baseline 90");
  const at = Buffer.from(bytes).indexOf(Buffer.from([0xff, 0xc0]));
  bytes.set([height >> 8, height & 255, width >> 8, width & 255], at + 5);
  return bytes;
}

/** As many scans as asked for, all the same. */
function scans(count: number): Uint8Array {
  const bytes = Buffer.from(bytesOf("jpeg grey"));
  const start = bytes.indexOf(Buffer.from([0xff, 0xda]));
  const scan = bytes.subarray(start, bytes.length - 2);
  return Buffer.concat([bytes.subarray(0, start), ...new Array(count).fill(scan), Buffer.from([0xff, 0xd9])]);
}

const cut = (name: string, share: number) => bytesOf(name).slice(0, Math.floor(bytesOf(name).length * share));
const rows = (width: number, height: number) => new Uint8Array(height * (1 + 3 * width));

const hostile: [string, () => unknown, string, RegExp][] = [
  ["nothing", () => new Uint8Array(), "FORMAT_UNKNOWN", /no bytes/],
  ["a number", () => 7, "INPUT_INVALID", /expected the bytes of a file, got number/],
  ["null", () => null, "INPUT_INVALID", /is missing/],
  ["text that is no base64", () => "ab!d", "INPUT_INVALID", /at character 2/],
  ["a GIF", () => Buffer.from("GIF89a\x01\0\x01\0\0\0\0"), "FORMAT_UNKNOWN", /no JPEG, PNG or WebP/],
  ["JPEG, half", () => cut("jpeg 420 baseline 90", 0.5), "FILE_TRUNCATED", /ends within/],
  ["JPEG, progressive, most", () => cut("jpeg 420 progressive 90", 0.8), "FILE_TRUNCATED", /ends within/],
  [
    "JPEG, half, with an end put on",
    () => Buffer.concat([cut("jpeg noise", 0.7), Buffer.from([0xff, 0xd9])]),
    "FILE_MALFORMED",
    /premature end/i,
  ],
  ["JPEG that claims 65,500 × 65,500", () => claims(65500, 65500), "FILE_TOO_LARGE", /65500 × 65500/],
  ["JPEG that claims 5,000 × 5,000", () => claims(5000, 5000), "FILE_MALFORMED", /cannot hold the 5000 × 5000/],
  ["JPEG without height", () => claims(40, 0), "FILE_MALFORMED", /40 × 0/],
  ["JPEG of a hundred scans", () => scans(100), "DECOMPRESSION_BOMB", /more than 64 scans/],
  [
    "JPEG with a second frame",
    () => {
      const bytes = Buffer.from(bytesOf("jpeg grey"));
      const at = bytes.indexOf(Buffer.from([0xff, 0xc0]));
      const length = 2 + bytes.readUInt16BE(at + 2);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
    },
    "FILE_MALFORMED",
    /two frames/,
  ],
  ["PNG, half", () => cut("png RGB", 0.5), "FILE_TRUNCATED", /ends within its chunk/],
  [
    "PNG with less data than pixels",
    () => png(50, 50, deflateSync(rows(50, 40))),
    "FILE_TRUNCATED",
    /6040 of 7550 bytes/,
  ],
  [
    "PNG that inflates to more than its size",
    () => png(2, 2, deflateSync(new Uint8Array(2 ** 26))),
    "FILE_MALFORMED",
    /more image data/,
  ],
  ["PNG that claims 5,000 × 5,000", () => png(5000, 5000, deflateSync(rows(2, 2))), "FILE_MALFORMED", /cannot hold/],
  [
    "PNG that claims four billion",
    () => png(2 ** 32 - 1, 2 ** 32 - 1, deflateSync(rows(2, 2))),
    "FILE_TOO_LARGE",
    /4294967295/,
  ],
  [
    "PNG with a wrong checksum",
    () => {
      const bytes = bytesOf("png RGB");
      bytes[60]! ^= 1;
      return bytes;
    },
    "FILE_MALFORMED",
    /checksum/,
  ],
  [
    "PNG with damaged deflate",
    () => png(9, 9, new Uint8Array(300).fill(7)),
    "FILE_TRUNCATED",
    /damaged or ends too early/,
  ],
  ["PNG with an unknown filter", () => png(1, 1, deflateSync(Buffer.from([9, 0, 0, 0]))), "FILE_MALFORMED", /filter 9/],
  [
    "PNG with an unknown part that counts",
    () => png(1, 1, deflateSync(rows(1, 1)), [chunk("ABCD", rows(1, 1))]),
    "FILE_MALFORMED",
    /"ABCD"/,
  ],
  ["WebP, half", () => cut("webp lossy", 0.5), "FILE_TRUNCATED", /the WebP ends/],
  [
    "WebP whose canvas is another",
    () => {
      const bytes = bytesOf("webp lossy with alpha");
      bytes[24] = 99;
      return bytes;
    },
    "FILE_MALFORMED",
    /claims 100 × 29/,
  ],
  [
    "WebP of zeros",
    () => {
      const bytes = bytesOf("webp lossless");
      bytes.fill(0, 26);
      return bytes;
    },
    "FILE_MALFORMED",
    /damaged|has no/,
  ],
];

describe("refused", () => {
  test.each(hostile)("%s", async (_name, make, code, message) => {
    const error = await refusal(make());
    expect([error.code, error.what]).toEqual([code, expect.stringMatching(message)]);
  });

  test("files and images beyond the limits of the step", async () => {
    expect((await refusal(bytesOf("png RGB"), { max_bytes: 100 })).code).toBe("FILE_TOO_LARGE");
    expect((await refusal(files.get("png RGB"), { max_bytes: 100 })).code).toBe("FILE_TOO_LARGE");
    expect((await refusal(bytesOf("png RGB"), { max_pixels: 1000 })).what).toMatch(/41 × 29 pixels, at most 1000/);
  });

  test("transparency, where it is refused", async () => {
    expect((await refusal(bytesOf("png RGBA"), { alpha: "refuse" })).code).toBe("RECORD_REFUSED");
    expect((await decode({ alpha: "refuse" }, [bytesOf("png RGB")]))[0]).not.toBeInstanceOf(IngotError);
  });

  test("one record only: the others are answered, after a damaged one too", async () => {
    const broken = Buffer.concat([cut("jpeg noise", 0.7), Buffer.from([0xff, 0xd9])]);
    const results = await decode({}, [bytesOf("jpeg grey"), broken, bytesOf("png RGB"), null, bytesOf("webp lossy")]);
    expect(results.map((result) => result instanceof IngotError)).toEqual([false, true, false, true, false]);
  });
});

test("what does not belong to the image changes nothing: large profiles, comments, what follows the end", async () => {
  const plain = bytesOf("jpeg 420 baseline 90");
  const segment = Buffer.concat([Buffer.from([0xff, 0xe2, 0xff, 0xff]), Buffer.alloc(0xfffd, 65)]);
  const stuffed = Buffer.concat([
    plain.subarray(0, 2),
    ...new Array(100).fill(segment),
    plain.subarray(2),
    Buffer.from("PK\x03\x04 not an image"),
  ]);
  const bomb = chunk("iCCP", Buffer.concat([Buffer.from("x\0\0"), deflateSync(new Uint8Array(2 ** 24))]));
  const results = await decode({}, [plain, stuffed, png(2, 2, deflateSync(rows(2, 2)), [bomb])]);
  const data = results.map((result) => (result as { data: Uint8Array }[])[0]!.data);
  expect(Buffer.compare(data[0]!, data[1]!)).toBe(0);
  expect([...data[2]!]).toEqual(new Array(12).fill(0));
});

test("damaged files end as an answer or a coded error", async () => {
  const names = ["jpeg 420 progressive 40", "png palette of 12", "png interlaced", "webp lossy", "webp lossless"];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
      async (name, changes) => {
        const bytes = bytesOf(name);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const [result] = await decode({ max_pixels: 2 ** 20 }, [bytes]);
        if (result instanceof IngotError) expect(result.code).toMatch(/^(FILE_|FORMAT_UNKNOWN|DECOMPRESSION_BOMB)/);
      },
    ),
    { numRuns: 200 },
  );
});

test("columns that hold no file are refused when planned", () => {
  const plan = () => planStep({ step: "decode_image", options: { column: "image" }, columns: [column("image")] });
  expect(plan).toThrow(/column `image` is float64, not the contents of a file/);
});
