// log_mel: logarithms of the energy in mel bands.
import { z } from "zod";
import { audioColumn, emitTooShort, fewestSamples, frameCount, tooShort } from "../../audio/audio_column.ts";
import { bySignal, turned } from "../../audio/by_signal.ts";
import { emitLogMel, logMelOf, melOptions, melProblem } from "../../audio/mel.ts";
import { framesOf, spectrumProblem } from "../../audio/spectrum.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("Audio, `[samples]`"),
  ...melOptions,
  axes: z
    .enum(["bands_first", "frames_first"])
    .default("bands_first")
    .describe("`[n_mels, frames]` or `[frames, n_mels]`"),
});

export const logMel = step({
  name: "log_mel",
  about: "Log-mel spectrogram of audio: [n_mels, frames]",
  family: "audio",
  options,
  example: "log_mel: { column: clip, sample_rate: 16000, n_fft: 400, hop_length: 160, n_mels: 80 }",
  reference: "librosa: power_to_db(feature.melspectrogram(x)); torchaudio: AmplitudeToDB(MelSpectrogram(x)); in double",
  plan({ column: name, axes, ...mel }, view) {
    const column = audioColumn(view, name);
    const problem = spectrumProblem(mel) ?? melProblem(mel);
    if (problem) throw view.refuse(problem[1], { option: problem[0] });
    const frames = framesOf(mel);
    const isFramesFirst = axes === "frames_first";
    return {
      reads: [name],
      writes: [{ ...column, shape: isFramesFirst ? [null, mel.n_mels] : [mel.n_mels, null] }],
      emit([value], { g, reject }) {
        reject(emitTooShort(g, value!, frames), tooShort(name, frames));
        const result = g.op("Cast", [emitLogMel(g, value!, mel)], { to: 1 });
        return [isFramesFirst ? result : g.op("Transpose", [result], { perm: [0, 2, 1] })];
      },
      evaluate([tensor], rows, { reject }) {
        const samples = tensor!.dims[1]!;
        if (samples < fewestSamples(frames)) for (let row = 0; row < rows; row++) reject(row, tooShort(name, frames));
        const count = frameCount(samples, frames);
        return [
          bySignal(tensor!, rows, isFramesFirst ? [count, mel.n_mels] : [mel.n_mels, count], (signal) => {
            const result = logMelOf(signal, mel);
            return isFramesFirst ? result : turned(result, mel.n_mels);
          }),
        ];
      },
    };
  },
});
