// resample: another number of samples a second, by a windowed sinc: frames of some periods times a matrix of weights.
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Value } from "../../../onnx/index.ts";
import { audioColumn, emitFrames } from "../../audio/audio_column.ts";
import { bySignal } from "../../audio/by_signal.ts";
import { kernelSize, type Resampling, resampled, resampledLength, resamplingOf } from "../../audio/sinc_kernel.ts";
import { sizeOf, whole } from "../../images/image_column.ts";
import { step } from "../../step.ts";

const mostWeights = 2 ** 21;
const rate = z.int().min(1).max(768_000);

const options = z.strictObject({
  column: z.string().describe("Audio, `[samples]`"),
  from: rate.describe("Samples a second of the audio"),
  to: rate.describe("Samples a second of the result"),
  lowpass_filter_width: z.int().min(1).max(128).default(6).describe("Zero crossings of the filter on each side"),
  rolloff: z
    .number()
    .min(0.5)
    .max(1)
    .default(0.99)
    .describe("Where the filter ends, as a share of the lower rate's half"),
});

export const resample = step({
  name: "resample",
  about: "Resample audio to another rate by a windowed sinc",
  family: "audio",
  options,
  example: "resample: { column: clip, from: 44100, to: 16000 }",
  reference: "torchaudio.functional.resample (sinc_interp_hann), in double",
  plan(settings, frame) {
    const column = audioColumn(frame, settings.column);
    const weights = kernelSize(settings);
    if (weights > mostWeights)
      throw frame.refuse(
        `from ${settings.from} to ${settings.to} takes ${weights} weights, at most ${mostWeights}: the rates have too small a common divisor`,
        { option: "to", fix: "choose a rate that shares more with the first, such as its half" },
      );
    const resampling = resamplingOf(settings);
    return {
      reads: [column.name],
      writes: [{ ...column, shape: [null] }],
      emit: ([value], { g }) => [emitResampled(g, value!, resampling)],
      evaluate: ([tensor], rows) => [
        bySignal(tensor!, rows, [resampledLength(tensor!.dims[1]!, resampling)], (signal) =>
          resampled(signal, resampling),
        ),
      ],
    };
  },
});

function emitResampled(g: GraphBuilder, value: Value, resampling: Resampling): Value {
  const { from, to, width, kernels } = resampling;
  const samples = sizeOf(g, value, 1);
  // Several periods at once where they are short, so that frames overlap by half at most.
  const periods = Math.max(1, Math.ceil((2 * width) / from));
  const [length, answers] = [2 * width + periods * from, periods * to];
  const matrix = new Float64Array(length * answers);
  for (let answer = 0; answer < answers; answer++)
    kernels[answer % to]!.forEach((weight, k) => {
      matrix[(Math.floor(answer / to) * from + k) * answers + answer] = weight;
    });
  const wanted = g.op("Div", [g.op("Add", [g.op("Mul", [samples, whole(g, to)]), whole(g, from - 1)]), whole(g, from)]);
  // One frame more than fits: the last one is padded with silence, and what it has too many is cut off.
  const frames = emitFrames(g, padded(g, value, length), {
    length,
    hop: periods * from,
    border: width,
    mode: "constant",
  });
  const blocks = g.op("MatMul", [frames, g.constant(float64(matrix, [length, answers]), "sinc")]);
  const flat = g.op(
    "Reshape",
    [
      blocks,
      g.op(
        "Concat",
        [
          g.op("Shape", [value], { start: 0, end: 1 }),
          g.op("Unsqueeze", [g.op("Mul", [sizeOf(g, blocks, 1), whole(g, answers)]), g.constant(int64([0]), "first")]),
        ],
        { axis: 0 },
      ),
    ],
    { allowzero: 1 },
  );
  const end = g.op("Unsqueeze", [wanted, g.constant(int64([0]), "first")]);
  const cut = g.op("Slice", [flat, g.constant(int64([0]), "first"), end, g.constant(int64([1]), "second")]);
  return g.op("Cast", [cut], { to: 1 });
}

/** Silence behind the audio. */
function padded(g: GraphBuilder, value: Value, more: number): Value {
  return g.op("Pad", [value, g.constant(int64([0, 0, 0, more]), "pads")]);
}
