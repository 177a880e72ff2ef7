// WAV: headers, and every sample that they promise.
import { readWavFile } from "../src/pipeline/audio/wav_file.ts";

export const name = "wav";

export function target(bytes: Uint8Array): void {
  const { length, channels, sample } = readWavFile(bytes, { maxBytes: 2 ** 20, maxSeconds: 10 });
  for (let i = 0; i < length; i++) for (let channel = 0; channel < channels; channel++) sample(i, channel);
}
