// Resampling by a windowed sinc. Rule: torchaudio/functional/functional.py, _get_sinc_resample_kernel and _apply_sinc_resample_kernel
// ("sinc_interp_hann"), computed in double.

export interface Resampling {
  /** Both rates without their common divisor. */
  readonly from: number;
  readonly to: number;
  /** Samples before the first, and behind a whole period, that an answer needs. */
  readonly width: number;
  /** `[to][2 * width + from]`: weights of each of the answers of one period. */
  readonly kernels: readonly Float64Array[];
}

export interface ResampleOptions {
  readonly from: number;
  readonly to: number;
  readonly lowpass_filter_width: number;
  readonly rolloff: number;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** Weights that a resampling has, before they are computed. */
export function kernelSize(options: ResampleOptions): number {
  const { from, to, width } = periodOf(options);
  return to * (2 * width + from);
}

function periodOf({ from, to, lowpass_filter_width: zeros, rolloff }: ResampleOptions) {
  const common = divisor(from, to);
  const [own, wanted] = [from / common, to / common];
  const base = Math.min(own, wanted) * rolloff;
  return { from: own, to: wanted, base, width: Math.ceil((zeros * own) / base) };
}

export function resamplingOf(options: ResampleOptions): Resampling {
  const { from, to, base, width } = periodOf(options);
  const zeros = options.lowpass_filter_width;
  const kernels = Array.from({ length: to }, (_, phase) =>
    Float64Array.from({ length: 2 * width + from }, (_, i) => {
      const time = Math.min(Math.max((-phase / to + (i - width) / from) * base, -zeros), zeros);
      const window = Math.cos((time * Math.PI) / zeros / 2) ** 2;
      const angle = time * Math.PI;
      return (angle === 0 ? 1 : Math.sin(angle) / angle) * window * (base / from);
    }),
  );
  return { from, to, width, kernels };
}

/** Samples of the answer. */
export const resampledLength = (samples: number, { from, to }: Resampling) => Math.ceil((to * samples) / from);

export function resampled(signal: ArrayLike<number>, resampling: Resampling): Float32Array {
  const { from, to, width, kernels } = resampling;
  return Float32Array.from({ length: resampledLength(signal.length, resampling) }, (_, i) => {
    const start = Math.floor(i / to) * from - width;
    let sum = 0;
    kernels[i % to]!.forEach((weight, k) => {
      sum += weight * (signal[start + k] ?? 0);
    });
    return sum;
  });
}
