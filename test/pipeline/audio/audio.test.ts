// Audio: files against soundfile, steps against librosa and torchaudio, graphs on every runtime against their evaluation.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IngotError } from "../../../src/core/index.ts";
import { float32 } from "../../../src/onnx/index.ts";
import { hostKinds } from "../../../src/pipeline/index.ts";
import { stored } from "../images/pictures.ts";
import { column, openStep, planStep } from "../step_harness.ts";

interface Fixture {
  readonly signal: number[];
  readonly cases: { step: string; options: Record<string, unknown>; shape: number[]; values: number[] }[];
}

const clip = [column("clip", "float32", { shape: ["samples"], missing: false })];
const runtimes = ["native", "wasm", "micro"] as const;

describe.each(["librosa", "torchaudio"])("as %s", (library) => {
  const { signal, cases } = stored<Fixture>(`${library}/audio`);
  test.each(cases.map((each) => [each.step, each.options, each] as const))(
    "%s %j",
    async (step, options, { shape, values }) => {
      await using open = await openStep({ step, options: { column: "clip", ...options }, columns: clip });
      const input = [float32(signal, [1, signal.length])];
      for (const run of [
        async () => open.evaluate(input),
        ...runtimes.map((runtime) => () => open.run(runtime, input)),
      ]) {
        const [result] = (await run()).columns;
        expect([...result!.dims]).toEqual([1, ...shape]);
        let far = 0;
        for (let i = 0; i < values.length; i++) far = Math.max(far, Math.abs((result!.data[i] as number) - values[i]!));
        expect(far).toBeLessThanOrEqual(1e-4);
      }
    },
  );
});

const steps: [step: string, options: Record<string, unknown>][] = [
  ["frame", { length: 8, hop: 3 }],
  ["stft", { n_fft: 8 }],
  ["stft", { n_fft: 6, hop_length: 4, win_length: 5, center: false, power: 1, axes: "frames_first" }],
  ["stft", { n_fft: 8, pad_mode: "reflect", window: "ones" }],
  ["log_mel", { sample_rate: 8000, n_fft: 32, n_mels: 5, range: 40, axes: "frames_first" }],
  ["log_mel", { sample_rate: 8000, n_fft: 16, n_mels: 3, log: "natural", mel_scale: "htk", norm: "none" }],
  ["mfcc", { sample_rate: 8000, n_fft: 32, n_mels: 8, n_mfcc: 4, axes: "frames_first" }],
  ["resample", { from: 3, to: 2 }],
  ["resample", { from: 147, to: 160 }],
];

test.each(steps)("%s %j: the same on every runtime, short audio refused", async (step, options) => {
  await using open = await openStep({ step, options: { column: "clip", ...options }, columns: clip });
  const batch = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 70 })).chain(([rows, samples]) =>
    fc
      .array(fc.oneof(fc.constantFrom(0, 1, -1), fc.double({ min: -1, max: 1, noNaN: true })), {
        minLength: rows * samples,
        maxLength: rows * samples,
      })
      .map((list) => [float32(list, [rows, samples])]),
  );
  await fc.assert(
    fc.asyncProperty(batch, async (tensors) => {
      await open.agree(tensors, { absolute: 1e-6, relative: 1e-5 });
    }),
    { numRuns: 12 },
  );
});

interface Wav {
  readonly rate: number;
  readonly files: { name: string; file: string; first: number[]; mean: number[] }[];
}

const wavs = stored<Wav>("librosa/wav");

async function decode(options: Record<string, unknown>, values: readonly unknown[]) {
  const columns = [column("clip", "string", { isBytes: true })];
  const plan = planStep({ step: "decode_audio", options: { column: "clip", ...options }, columns });
  const kind = await hostKinds["decode_audio"]!();
  return (await kind.open(plan.host!.settings, async () => new Uint8Array())).run([values], values.length);
}

test.each(wavs.files.map((each) => [each.name, each] as const))(
  "%s: soundfile's samples",
  async (_name, { file, first, mean }) => {
    for (const [channels, expected] of Object.entries({ first, mean })) {
      const [result] = await decode({ sample_rate: wavs.rate, channels }, [file]);
      const [samples] = result as { dims: number[]; data: Float32Array }[];
      expect(samples!.dims).toEqual([expected.length]);
      expect(samples!.data).toEqual(Float32Array.from(expected));
    }
  },
);

const whole = () => Buffer.from(wavs.files.find(({ name }) => name === "WAV PCM_16 mono")!.file, "base64");
/** The file with a number of its header changed. */
const changed = (at: number, value: number, size: 2 | 4) => {
  const bytes = whole();
  if (size === 2) bytes.writeUInt16LE(value, at);
  else bytes.writeUInt32LE(value, at);
  return bytes;
};

const hostile: [string, () => unknown, string, RegExp][] = [
  ["nothing", () => new Uint8Array(), "FORMAT_UNKNOWN", /no bytes/],
  ["an MP3", () => Buffer.from("ID3\x03\0\0\0\0\0\0\0\0"), "FORMAT_UNKNOWN", /no WAV/],
  ["half a file", () => whole().subarray(0, 90), "FILE_TRUNCATED", /claims 128 bytes, 46 are left/],
  ["four billion samples", () => changed(40, 0xffffffff, 4), "FILE_TRUNCATED", /claims 4294967295 bytes/],
  ["no channels", () => changed(22, 0, 2), "FILE_MALFORMED", /0 channels/],
  ["many channels", () => changed(22, 65535, 2), "FILE_MALFORMED", /65535 channels/],
  ["no rate", () => changed(24, 0, 4), "FILE_MALFORMED", /0 samples a second/],
  ["an absurd rate", () => changed(24, 4e9, 4), "FILE_MALFORMED", /4000000000 samples a second/],
  ["seven bits", () => changed(34, 7, 2), "FILE_MALFORMED", /7 bits/],
  ["blocks of another size", () => changed(32, 9, 2), "FILE_MALFORMED", /blocks of 9 bytes/],
  ["compressed samples", () => changed(20, 85, 2), "FILE_MALFORMED", /format 85/],
  [
    "samples before their format",
    () => Buffer.concat([whole().subarray(0, 12), whole().subarray(36)]),
    "FILE_MALFORMED",
    /before their format/,
  ],
  ["no samples", () => Buffer.concat([whole().subarray(0, 40), Buffer.alloc(4)]), "FILE_MALFORMED", /no samples/],
  ["another rate", () => changed(24, 44100, 4), "RECORD_REFUSED", /44100 samples a second, 8000 are expected/],
  [
    "numbers that are none",
    () => {
      const bytes = Buffer.from(wavs.files.find(({ name }) => name === "WAV FLOAT mono")!.file, "base64");
      bytes.writeFloatLE(Number.NaN, bytes.length - 4);
      return bytes;
    },
    "FILE_MALFORMED",
    /no numbers/,
  ],
];

test.each(hostile)("%s is refused, and only that record", async (_name, make, code, message) => {
  const results = await decode({ sample_rate: 8000 }, [make(), whole()]);
  expect(results[0]).toBeInstanceOf(IngotError);
  const error = results[0] as IngotError;
  expect([error.code, error.what]).toEqual([code, expect.stringMatching(message)]);
  expect(results[1]).not.toBeInstanceOf(IngotError);
});

test("audio beyond the limits of the step is refused", async () => {
  const refusal = async (options: object) =>
    (await decode({ sample_rate: 8000, ...options }, [whole()]))[0] as IngotError;
  expect((await refusal({ max_seconds: 0.001 })).code).toBe("FILE_TOO_LARGE");
  expect((await refusal({ max_bytes: 50 })).code).toBe("FILE_TOO_LARGE");
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ["stft", { n_fft: 8, win_length: 9 }, /`win_length` 9 is above/],
  ["log_mel", { sample_rate: 8000, f_max: 5000 }, /above half the sample rate/],
  ["log_mel", { sample_rate: 8000, f_min: 4000 }, /not below/],
  ["mfcc", { sample_rate: 8000, n_mfcc: 200 }, /`n_mfcc` 200 is above/],
  ["resample", { from: 44100, to: 44101 }, /too small a common divisor/],
])("%s %j is refused when planned", (step, options, message) => {
  expect(() => planStep({ step, options: { column: "clip", ...options }, columns: clip })).toThrow(message);
});
