// mfcc: mel-frequency cepstral coefficients, the cosine transform of log-mel bands.
import { z } from "zod";
import { float64 } from "../../../onnx/index.ts";
import { audioColumn, emitTooShort, fewestSamples, frameCount, tooShort } from "../../audio/audio_column.ts";
import { bySignal, turned } from "../../audio/by_signal.ts";
import { emitLogMel, logMelOf, melOptions, melProblem } from "../../audio/mel.ts";
import { framesOf, spectrumProblem } from "../../audio/spectrum.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("Audio, `[samples]`"),
  n_mfcc: z.int().min(1).max(512).default(20).describe("Number of coefficients"),
  ...melOptions,
  range: z.number().positive().nullable().default(80).describe("As in `log_mel`; 80 as in librosa and torchaudio"),
  axes: z
    .enum(["coefficients_first", "frames_first"])
    .default("coefficients_first")
    .describe("`[n_mfcc, frames]` or `[frames, n_mfcc]`"),
});

export const mfcc = step({
  name: "mfcc",
  about: "Mel-frequency cepstral coefficients of audio: [n_mfcc, frames]",
  family: "audio",
  options,
  example: "mfcc: { column: clip, sample_rate: 16000, n_mfcc: 13, n_fft: 400, hop_length: 160, n_mels: 40 }",
  reference: "librosa.feature.mfcc; torchaudio.transforms.MFCC; in double",
  plan({ column: name, n_mfcc: coefficients, axes, ...mel }, view) {
    const column = audioColumn(view, name);
    const problem = spectrumProblem(mel) ?? melProblem(mel);
    if (problem) throw view.refuse(problem[1], { option: problem[0] });
    if (coefficients > mel.n_mels)
      throw view.refuse(`\`n_mfcc\` ${coefficients} is above \`n_mels\` ${mel.n_mels}`, { option: "n_mfcc" });
    const frames = framesOf(mel);
    const isFramesFirst = axes === "frames_first";
    const transform = cosineTransform(mel.n_mels, coefficients);
    return {
      reads: [name],
      writes: [{ ...column, shape: isFramesFirst ? [null, coefficients] : [coefficients, null] }],
      emit([value], { g, reject }) {
        reject(emitTooShort(g, value!, frames), tooShort(name, frames));
        const matrix = g.constant(float64(transform, [mel.n_mels, coefficients]), "cosine_transform");
        const result = g.op("Cast", [g.op("MatMul", [emitLogMel(g, value!, mel), matrix])], { to: 1 });
        return [isFramesFirst ? result : g.op("Transpose", [result], { perm: [0, 2, 1] })];
      },
      evaluate([tensor], rows, { reject }) {
        const samples = tensor!.dims[1]!;
        if (samples < fewestSamples(frames)) for (let row = 0; row < rows; row++) reject(row, tooShort(name, frames));
        const count = frameCount(samples, frames);
        return [
          bySignal(tensor!, rows, isFramesFirst ? [count, coefficients] : [coefficients, count], (signal) => {
            const bands = logMelOf(signal, mel);
            const result = Float64Array.from({ length: count * coefficients }, (_, i) => {
              let sum = 0;
              for (let band = 0; band < mel.n_mels; band++)
                sum +=
                  bands[Math.floor(i / coefficients) * mel.n_mels + band]! *
                  transform[band * coefficients + (i % coefficients)]!;
              return sum;
            });
            return isFramesFirst ? result : turned(result, coefficients);
          }),
        ];
      },
    };
  },
});

/** `[bands, coefficients]`. Rule: scipy.fft.dct(type=2, norm="ortho"). */
function cosineTransform(bands: number, coefficients: number): Float64Array {
  return Float64Array.from({ length: bands * coefficients }, (_, i) => {
    const [band, k] = [Math.floor(i / coefficients), i % coefficients];
    return Math.cos((Math.PI / bands) * (band + 0.5) * k) * Math.sqrt((k === 0 ? 1 : 2) / bands);
  });
}
