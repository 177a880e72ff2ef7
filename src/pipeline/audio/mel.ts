// Mel bands. Rule: librosa.filters.mel and librosa.convert (hz_to_mel, mel_to_hz); torchaudio.functional.melscale_fbanks is the same.
import { z } from "zod";
import { float64, type GraphBuilder, type Value } from "../../onnx/index.ts";
import { binsOf, emitPower, powerOf, spectrumOptions } from "./spectrum.ts";

export const melOptions = {
  sample_rate: z.int().min(1).max(768_000).describe("Samples a second of the audio"),
  ...spectrumOptions,
  power: z
    .union([z.literal(1), z.literal(2)])
    .default(2)
    .describe("Exponent of the magnitudes that are added up"),
  n_mels: z.int().min(1).max(512).default(128).describe("Number of bands"),
  f_min: z.number().min(0).default(0).describe("Lowest frequency, Hz"),
  f_max: z.number().positive().optional().describe("Highest frequency, Hz; default half the sample rate"),
  mel_scale: z
    .enum(["slaney", "htk"])
    .default("slaney")
    .describe("Linear below 1 kHz (librosa's default), or 2595 log10(1 + f / 700) (torchaudio's)"),
  norm: z.enum(["slaney", "none"]).default("slaney").describe("Bands of equal area (librosa's default) or of height 1"),
  log: z
    .enum(["db", "log10", "natural"])
    .default("db")
    .describe("`db`: 10 log10 (power_to_db, AmplitudeToDB); `log10`, `natural`"),
  floor: z.number().positive().default(1e-10).describe("Smaller values become this one before the logarithm (`amin`)"),
  range: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("Values further below the record's largest, after the logarithm, are raised to that (`top_db: 80`)"),
};

const melSchema = z.strictObject(melOptions);
export type MelOptions = z.infer<typeof melSchema>;

export function melProblem({
  sample_rate: rate,
  f_min: low,
  f_max: high = rate / 2,
}: MelOptions): [string, string] | null {
  if (high > rate / 2) return ["f_max", `\`f_max\` ${high} is above half the sample rate`];
  return low >= high ? ["f_min", `\`f_min\` ${low} is not below \`f_max\` ${high}`] : null;
}

const slaney = { perHz: 3 / 200, from: 1000, step: Math.log(6.4) / 27 };

function toMel(hz: number, scale: MelOptions["mel_scale"]): number {
  if (scale === "htk") return 2595 * Math.log10(1 + hz / 700);
  return hz < slaney.from ? hz * slaney.perHz : slaney.from * slaney.perHz + Math.log(hz / slaney.from) / slaney.step;
}

function toHz(mel: number, scale: MelOptions["mel_scale"]): number {
  if (scale === "htk") return 700 * (10 ** (mel / 2595) - 1);
  const linear = slaney.from * slaney.perHz;
  return mel < linear ? mel / slaney.perHz : slaney.from * Math.exp(slaney.step * (mel - linear));
}

/** Frequencies where bands begin, peak and end: band i has those of i, i + 1 and i + 2. */
function edgesOf({
  sample_rate: rate,
  f_min: low,
  f_max: high = rate / 2,
  n_mels: bands,
  mel_scale: scale,
}: MelOptions) {
  const [from, to] = [toMel(low, scale), toMel(high, scale)];
  return Array.from({ length: bands + 2 }, (_, i) => toHz(from + ((to - from) * i) / (bands + 1), scale));
}

const frequenciesOf = (options: MelOptions) =>
  Array.from({ length: binsOf(options) }, (_, bin) => (bin * options.sample_rate) / options.n_fft);

/** Weight of every band for one bin. */
function weightsOf(options: MelOptions, edges: readonly number[], frequency: number): number[] {
  return Array.from({ length: options.n_mels }, (_, band) => {
    const [low, peak, high] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    const height = Math.max(0, Math.min((frequency - low) / (peak - low), (high - frequency) / (high - peak)));
    return options.norm === "slaney" ? (height * 2) / (high - low) : height;
  });
}

/** @returns float64 `[N, frames, n_mels]` */
export function emitLogMel(g: GraphBuilder, value: Value, options: MelOptions): Value {
  const squares = emitPower(g, value, options);
  const spectrum = options.power === 1 ? g.op("Sqrt", [squares]) : squares;
  const mel = g.op("MatMul", [spectrum, emitWeights(g, options)]);
  const scale = { db: 10 / Math.LN10, log10: 1 / Math.LN10, natural: 1 }[options.log];
  const logarithm = g.op("Mul", [
    g.op("Log", [g.op("Max", [mel, number(g, options.floor)])]),
    // One for each band: a single number before a MatMul would be merged into it in float32.
    g.constant(float64(new Array<number>(options.n_mels).fill(scale)), "scale"),
  ]);
  if (options.range === null) return logarithm;
  const most = g.op("ReduceMax", [logarithm, g.constant(int64Axes, "axes")], { keepdims: 1 });
  return g.op("Max", [logarithm, g.op("Sub", [most, number(g, options.range)])]);
}

const int64Axes = { dtype: "int64", dims: [2], data: BigInt64Array.of(1n, 2n) } as const;

function number(g: GraphBuilder, value: number): Value {
  return g.constant(float64([value], []), "number");
}

/** `[bins, n_mels]`, made in the graph of the bands' edges: runtimes fold it once. */
function emitWeights(g: GraphBuilder, options: MelOptions): Value {
  const edges = edgesOf(options);
  const bands = options.n_mels;
  const row = (values: readonly number[], name: string) => g.constant(float64(values, [1, bands]), name);
  const [low, peak, high] = [0, 1, 2].map((i) => edges.slice(i, i + bands)) as [number[], number[], number[]];
  const frequencies = frequenciesOf(options);
  const frequency = g.constant(float64(frequencies, [frequencies.length, 1]), "frequency");
  const rising = g.op("Div", [
    g.op("Sub", [frequency, row(low, "low")]),
    row(
      peak.map((edge, i) => edge - low[i]!),
      "rise",
    ),
  ]);
  const falling = g.op("Div", [
    g.op("Sub", [row(high, "high"), frequency]),
    row(
      high.map((edge, i) => edge - peak[i]!),
      "fall",
    ),
  ]);
  const height = g.op("Max", [g.op("Min", [rising, falling]), number(g, 0)]);
  return options.norm === "none"
    ? height
    : g.op("Mul", [
        height,
        row(
          high.map((edge, i) => 2 / (edge - low[i]!)),
          "area",
        ),
      ]);
}

/** The same in plain TypeScript for one signal: `frames * n_mels` numbers, frame by frame. */
export function logMelOf(signal: ArrayLike<number>, options: MelOptions): Float64Array {
  const power = powerOf(signal, options);
  const [bins, bands] = [binsOf(options), options.n_mels];
  const edges = edgesOf(options);
  const weights = frequenciesOf(options).map((frequency) => weightsOf(options, edges, frequency));
  const frames = power.length / bins;
  const out = new Float64Array(frames * bands);
  let most = -Infinity;
  for (let frame = 0; frame < frames; frame++)
    for (let band = 0; band < bands; band++) {
      let sum = 0;
      for (let bin = 0; bin < bins; bin++) {
        const value = power[frame * bins + bin]!;
        sum += (options.power === 1 ? Math.sqrt(value) : value) * weights[bin]![band]!;
      }
      const floored = Math.max(sum, options.floor);
      const value = { db: 10 * Math.log10(floored), log10: Math.log10(floored), natural: Math.log(floored) }[
        options.log
      ];
      most = Math.max(most, value);
      out[frame * bands + band] = value;
    }
  const { range } = options;
  return range === null ? out : out.map((value) => Math.max(value, most - range));
}
