// Stored tensors of float64 as float32.
import { float32, type StoredTensor, storedTensor, tensorOf } from "../../onnx/index.ts";

/** The same tensor in float32, every element rounded by `round`; other types stay as they are. */
export function rounded(stored: StoredTensor, round: (value: number, at: number) => number): StoredTensor {
  if (stored.dtype !== "float64") return stored;
  const { data, dims } = tensorOf(stored);
  return storedTensor(stored.name, float32((data as Float64Array).map(round), dims));
}
