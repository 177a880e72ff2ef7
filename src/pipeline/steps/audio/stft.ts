// stft: magnitudes of short-time spectra.
import { z } from "zod";
import { audioColumn, emitTooShort, fewestSamples, frameCount, tooShort } from "../../audio/audio_column.ts";
import { bySignal, turned } from "../../audio/by_signal.ts";
import { binsOf, emitPower, framesOf, powerOf, spectrumOptions, spectrumProblem } from "../../audio/spectrum.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("Audio, `[samples]`"),
  ...spectrumOptions,
  power: z
    .union([z.literal(1), z.literal(2)])
    .default(2)
    .describe("1 for magnitudes, 2 for their squares"),
  axes: z.enum(["bins_first", "frames_first"]).default("bins_first").describe("`[bins, frames]` or `[frames, bins]`"),
});

export const stft = step({
  name: "stft",
  about: "Short-time spectra of audio: power or magnitude, [n_fft / 2 + 1, frames]",
  family: "audio",
  options,
  example: "stft: { column: clip, n_fft: 512, hop_length: 160 }",
  reference: "librosa: abs(librosa.stft(x)) ** power, in double",
  plan({ column: name, power, axes, ...spectrum }, view) {
    const column = audioColumn(view, name);
    const problem = spectrumProblem(spectrum);
    if (problem) throw view.refuse(problem[1], { option: problem[0] });
    const [frames, bins] = [framesOf(spectrum), binsOf(spectrum)];
    const isFramesFirst = axes === "frames_first";
    return {
      reads: [name],
      writes: [{ ...column, shape: isFramesFirst ? [null, bins] : [bins, null] }],
      emit([value], { g, reject }) {
        reject(emitTooShort(g, value!, frames), tooShort(name, frames));
        const squares = emitPower(g, value!, spectrum);
        const result = g.op("Cast", [power === 2 ? squares : g.op("Sqrt", [squares])], { to: 1 });
        return [isFramesFirst ? result : g.op("Transpose", [result], { perm: [0, 2, 1] })];
      },
      evaluate([tensor], rows, { reject }) {
        const samples = tensor!.dims[1]!;
        if (samples < fewestSamples(frames)) for (let row = 0; row < rows; row++) reject(row, tooShort(name, frames));
        const count = frameCount(samples, frames);
        return [
          bySignal(tensor!, rows, isFramesFirst ? [count, bins] : [bins, count], (signal) => {
            const squares = powerOf(signal, spectrum);
            const result = power === 2 ? squares : squares.map(Math.sqrt);
            return isFramesFirst ? result : turned(result, bins);
          }),
        ];
      },
    };
  },
});
