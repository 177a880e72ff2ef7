// Short-time spectra: the discrete Fourier transform of windowed frames, as two matrix products in double. Rule: librosa.stft, torch.stft.
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { emitFrames, type Frames, frameCount, sampleAt } from "./audio_column.ts";

export const spectrumOptions = {
  n_fft: z.int().min(2).max(8192).default(2048).describe("Samples of one frame"),
  hop_length: z
    .int()
    .min(1)
    .max(65536)
    .optional()
    .describe("Samples from frame to frame; default a quarter of `win_length`"),
  win_length: z
    .int()
    .min(1)
    .max(8192)
    .optional()
    .describe("Samples of the window, in the middle of the frame; default `n_fft`"),
  window: z.enum(["hann", "hamming", "ones"]).default("hann").describe("Periodic, as scipy.signal.get_window"),
  center: z.boolean().default(true).describe("Whether frames are centred, with a border of half a frame at both ends"),
  pad_mode: z
    .enum(["constant", "reflect"])
    .default("constant")
    .describe("That border: zeros (librosa's default) or mirrored samples (torchaudio's)"),
};

const spectrumSchema = z.strictObject(spectrumOptions);
export type SpectrumOptions = z.infer<typeof spectrumSchema>;

/** What is wrong with options together: the option and why; null where nothing is. */
export function spectrumProblem({ n_fft: size, win_length: length = size }: SpectrumOptions): [string, string] | null {
  return length > size ? ["win_length", `\`win_length\` ${length} is above \`n_fft\` ${size}`] : null;
}

export function framesOf(options: SpectrumOptions): Frames {
  const { n_fft: length, win_length: window = length, center, pad_mode: mode } = options;
  const hop = options.hop_length ?? Math.max(1, Math.floor(window / 4));
  return { length, hop, border: center ? Math.floor(length / 2) : 0, mode: center ? mode : "constant" };
}

/** The window, with zeros on both sides to the length of a frame. */
export function windowOf({ n_fft: size, win_length: length = size, window }: SpectrumOptions): number[] {
  const [mean, swing] = { hann: [0.5, 0.5], hamming: [0.54, 0.46], ones: [1, 0] }[window] as [number, number];
  const before = Math.floor((size - length) / 2);
  return Array.from({ length: size }, (_, i) => {
    const at = i - before;
    return at < 0 || at >= length ? 0 : mean - swing * Math.cos((2 * Math.PI * at) / length);
  });
}

export const binsOf = ({ n_fft: size }: SpectrumOptions) => Math.floor(size / 2) + 1;

/** @returns squared magnitudes, float64 `[N, frames, bins]` */
export function emitPower(g: GraphBuilder, value: Value, options: SpectrumOptions): Value {
  const size = options.n_fft;
  const frames = g.op("Mul", [
    emitFrames(g, value, framesOf(options)),
    g.constant(float64(windowOf(options)), "window"),
  ]);
  // The matrix is made in the graph, of one period of the wave: runtimes fold it once, and packages stay small.
  const [times, bins] = [counted(size), counted(binsOf(options))];
  const turn = g.op("Mod", [
    g.op("Mul", [g.constant(int64(times, [size, 1]), "times"), g.constant(int64(bins, [1, bins.length]), "bins")]),
    g.constant(int64([size], []), "period"),
  ]);
  const part = (wave: (angle: number) => number, name: string) => {
    const table = g.constant(float64(times.map((i) => wave((2 * Math.PI * i) / size))), name);
    const sum = g.op("MatMul", [frames, g.op("Gather", [table, turn], { axis: 0 })]);
    return g.op("Mul", [sum, sum]);
  };
  return g.op("Add", [part(Math.cos, "cosine"), part(Math.sin, "sine")]);
}

function counted(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

/** The same in plain TypeScript for one signal: `frames * bins` numbers, frame by frame. */
export function powerOf(signal: ArrayLike<number>, options: SpectrumOptions): Float64Array {
  const frames = framesOf(options);
  const [count, bins, size] = [frameCount(signal.length, frames), binsOf(options), options.n_fft];
  const window = windowOf(options);
  const out = new Float64Array(count * bins);
  const windowed = new Float64Array(size);
  for (let frame = 0; frame < count; frame++) {
    for (let i = 0; i < size; i++) {
      const at = sampleAt(frame * frames.hop + i - frames.border, signal.length, frames.mode);
      windowed[i] = at === null ? 0 : signal[at]! * window[i]!;
    }
    for (let bin = 0; bin < bins; bin++) {
      let [real, imaginary] = [0, 0];
      for (let i = 0; i < size; i++) {
        const angle = (2 * Math.PI * ((i * bin) % size)) / size;
        real += windowed[i]! * Math.cos(angle);
        imaginary -= windowed[i]! * Math.sin(angle);
      }
      out[frame * bins + bin] = real * real + imaginary * imaginary;
    }
  }
  return out;
}
