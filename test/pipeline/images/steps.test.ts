// Image steps: graphs on every runtime against their evaluation, and that against Pillow.
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DType } from "../../../src/core/index.ts";
import { float32, type Tensor, uint8 } from "../../../src/onnx/index.ts";
import { sizeFor } from "../../../src/pipeline/steps/images/resize.ts";
import { agreeOnGenerated, column, expectTensor, openStep, planStep } from "../step_harness.ts";
import { distance, type Kind, picture, stored } from "./pictures.ts";

interface Resized {
  readonly width: number;
  readonly height: number;
  readonly kind: Kind;
  readonly to: [number, number];
  readonly filter: "nearest" | "bilinear" | "bicubic";
  readonly pixels: string;
}

const runtimes = ["native", "wasm", "micro"] as const;
const rgb = column("image", "uint8", { shape: ["height", "width", 3] });

describe("resize is Pillow's", () => {
  const cases = stored<Resized[]>("pillow/resize");
  const byName = Map.groupBy(cases, ({ filter, to }) => `${filter} to ${to.join(" × ")}`);
  test.each([...byName])("%s", async (_name, list) => {
    const { filter, to } = list[0]!;
    const size = { height: to[1], width: to[0] };
    await using step = await openStep({ step: "resize", options: { column: "image", size, filter }, columns: [rgb] });
    for (const { kind, width, height, pixels } of list) {
      const expected = inflateSync(Buffer.from(pixels, "base64"));
      const input = [uint8(picture(kind, width, height), [1, height, width, 3])];
      expect(distance(step.evaluate(input).columns[0]!.data as Uint8Array, expected).most).toBe(0);
      for (const runtime of runtimes) {
        const { columns } = await step.run(runtime, input);
        const { most } = distance(columns[0]!.data as Uint8Array, expected);
        const label = `${runtime}, ${kind}, ${width} × ${height}`;
        expect(most, label).toBe(0);
      }
    }
  });

  test.each(["bilinear", "bicubic"] as const)(
    "large images, %s: within one level on 2 %% of the values",
    async (filter) => {
      const options = { column: "image", size: { height: 224, width: 224 }, filter };
      await using step = await openStep({ step: "resize", options, columns: [rgb] }, ["native", "wasm"]);
      for (const [width, height] of [
        [800, 600],
        [1200, 310],
      ] as const) {
        const input = [uint8(picture("smooth", width, height), [1, height, width, 3])];
        const expected = step.evaluate(input).columns[0]!.data as Uint8Array;
        for (const runtime of ["native", "wasm"] as const) {
          const { share, most } = distance((await step.run(runtime, input)).columns[0]!.data as Uint8Array, expected);
          expect(most).toBeLessThanOrEqual(1);
          expect(share).toBeLessThanOrEqual(0.02);
        }
      }
    },
  );

  test("any sizes, equal", async () => {
    const edge = fc.integer({ min: 1, max: 90 });
    for (const filter of ["nearest", "bilinear", "bicubic"] as const)
      for (const size of [{ height: 32, width: 21 }, { shortest_edge: 24 }, { longest_edge: 40 }] as const) {
        await using step = await openStep({
          step: "resize",
          options: { column: "image", size, filter },
          columns: [rgb],
        });
        await fc.assert(
          fc.asyncProperty(edge, edge, fc.constantFrom<Kind>("noise", "smooth"), async (height, width, kind) => {
            const input = [uint8(picture(kind, width, height), [1, height, width, 3])];
            const expected = step.evaluate(input).columns[0]!;
            for (const runtime of runtimes) {
              const actual = (await step.run(runtime, input)).columns[0]!;
              expectTensor(actual, expected, {}, runtime);
            }
          }),
          { numRuns: 6 },
        );
      }
  });
});

test("a strip that would become a giant is refused, by itself and before anything is computed", async () => {
  const options = { column: "image", size: { shortest_edge: 224 } };
  await using step = await openStep({ step: "resize", options, columns: [rgb] });
  const strip = [uint8(new Uint8Array(2 * 30_000 * 3), [2, 1, 30_000, 3])];
  const { refused, columns } = await step.agree(strip);
  expect(refused).toEqual(
    [0, 1].map((row) => `${row} image: an image that would be resized to more than 16777216 pixels`),
  );
  expect([...columns[0]!.dims]).toEqual([2, 1, 1, 3]);
});

test("sizes and crops are torchvision's", async () => {
  const { crops, sizes } = stored<{
    crops: { width: number; height: number; to: [number, number]; pixels: number[] }[];
    sizes: { width: number; height: number; edge: number; result: [number, number] }[];
  }>("torchaudio/crops");
  const planes = [column("image", "uint8", { shape: [3, "height", "width"], missing: false })];
  for (const [to, list] of Map.groupBy(crops, (each) => String(each.to))) {
    const [height, width] = to.split(",").map(Number);
    await using step = await openStep({
      step: "center_crop",
      options: { column: "image", size: { height, width } },
      columns: planes,
    });
    for (const { width, height, pixels } of list) {
      const image = uint8(
        Uint8Array.from({ length: width * height * 3 }, (_, i) => i),
        [1, 3, height, width],
      );
      expect(
        [...((await step.agree([image])).columns[0]!.data as Uint8Array)],
        `${width} × ${height} to ${to}`,
      ).toEqual(pixels);
    }
  }
  for (const { width, height, edge, result } of sizes)
    expect(sizeFor({ shortest_edge: edge }, height, width), `${width} × ${height} to ${edge}`).toEqual(result);
});

/** Images of any size, bytes or numbers. */
function pictures(dtype: DType, channelsLast: boolean): fc.Arbitrary<Tensor[]> {
  const edge = fc.integer({ min: 1, max: 9 });
  return fc.tuple(fc.integer({ min: 0, max: 3 }), edge, edge).chain(([rows, height, width]) => {
    const dims = channelsLast ? [rows, height, width, 3] : [rows, 3, height, width];
    const length = rows * height * width * 3;
    const items = dtype === "uint8" ? fc.integer({ min: 0, max: 255 }) : fc.double({ min: -2, max: 2, noNaN: true });
    return fc
      .array(items, { minLength: length, maxLength: length })
      .map((list) => [dtype === "uint8" ? uint8(list, dims) : float32(list.map(Math.fround), dims)]);
  });
}

const steps: [step: string, options: Record<string, unknown>, dtypes: DType[]][] = [
  ["center_crop", { size: { height: 4, width: 5 } }, ["uint8", "float32"]],
  ["center_crop", { size: { height: 4, width: 5 }, like: "transformers" }, ["uint8", "float32"]],
  ["five_crop", { size: { height: 1, width: 1 } }, ["uint8", "float32"]],
  ["five_crop", { size: { height: 3, width: 4 } }, ["uint8"]],
  ["pad", { to: { height: 9, width: 9 }, value: 7 }, ["uint8", "float32"]],
  ["pad", { to: { height: 6, width: 8 }, place: "center", value: 114 }, ["uint8"]],
  ["pad", { to: { multiple_of: 4 }, place: "center", value: 0.5 }, ["float32"]],
  ["pad", { to: { multiple_of: 32 } }, ["uint8"]],
  ["rescale", {}, ["uint8", "float32"]],
  ["rescale", { factor: 1 / 127.5, offset: -1 }, ["uint8", "float32"]],
  ["normalize_image", { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }, ["float32"]],
  ["channel_order", {}, ["uint8", "float32"]],
  ["channel_order", { order: [0, 0, 2, 1] }, ["uint8"]],
];

test.each(
  steps.flatMap(([step, options, dtypes]) =>
    dtypes.flatMap((dtype) => [true, false].map((last) => [step, options, dtype, last] as const)),
  ),
)("%s %j of %s, channels last %s: equal on every runtime", async (step, options, dtype, channelsLast) => {
  const shape = channelsLast ? ["height", "width", 3] : [3, "height", "width"];
  const columns = [column("image", dtype, { shape, missing: false })];
  await using open = await openStep({ step, options: { column: "image", ...options }, columns });
  await fc.assert(
    fc.asyncProperty(pictures(dtype, channelsLast), async (tensors) => {
      await open.agree(tensors);
    }),
    { numRuns: 6 },
  );
});

test.each([
  ["channels_first", ["height", "width", 3]],
  ["channels_last", [3, "height", "width"]],
  ["channels_first", [5, "height", "width", 1]],
])("layout to %s of %j: equal on every runtime", async (to, shape) => {
  const columns = [column("image", "uint8", { shape, missing: false })];
  await agreeOnGenerated({ step: "layout", options: { column: "image", to }, columns }, {}, 10);
});

test("rescale divides bytes by 255 as torchvision's ToTensor does", async () => {
  await using step = await openStep({ step: "rescale", options: { column: "image" }, columns: [rgb] }, ["native"]);
  const levels = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3));
  const { columns } = await step.run("native", [uint8(levels, [1, 16, 16, 3])]);
  expect(columns[0]!.data).toEqual(Float32Array.from(levels, (level) => level / 255));
});

const refused: [string, Record<string, unknown>, ReturnType<typeof column>, RegExp][] = [
  ["resize", { size: { height: 2, width: 2 } }, column("image", "string", { isBytes: true }), /contents of a file/],
  [
    "resize",
    { size: { height: 2, width: 2 } },
    column("image", "float32", { shape: [4, 4, 3] }),
    /Pillow resizes bytes/,
  ],
  [
    "resize",
    { size: { height: 2, width: 2 } },
    column("image", "uint8", { shape: [3, 8, 8] }),
    /not \[height, width, channels\]/,
  ],
  [
    "resize",
    { size: { height: 2, width: 2 } },
    column("image", "uint8", { shape: [8, 8, 9] }),
    /no axis of 1 to 4 channels/,
  ],
  ["rescale", {}, column("image"), /float64 of shape \[\], not an image/],
  [
    "normalize_image",
    { mean: [0], std: [1] },
    column("image", "float32", { shape: [8, 8, 3] }),
    /1 numbers for 3 channels/,
  ],
  ["normalize_image", { mean: [0], std: [0] }, column("image", "float32", { shape: [8, 8, 1] }), /`std` holds a 0/],
  ["normalize_image", { mean: [0], std: [1] }, column("image", "uint8", { shape: [8, 8, 1] }), /not float32/],
  ["channel_order", {}, column("image", "uint8", { shape: [8, 8, 1] }), /none with the number 2/],
  ["layout", { to: "channels_last" }, rgb, /are last already/],
  ["pad", { to: { multiple_of: 8 }, value: 0.5 }, rgb, /is no byte/],
];

test.each(refused)("%s %j is refused when planned", (step, options, image, message) => {
  expect(() => planStep({ step, options: { column: "image", ...options }, columns: [image] })).toThrow(message);
});
