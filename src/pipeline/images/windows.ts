// Pieces of images in plain TypeScript: what the crops and borders of the steps are measured against.
import { elementCount, type Tensor, type TensorData } from "../../onnx/index.ts";

/** `length` elements of an axis from `start` on; where there are none, `border`. */
export function windowOf(tensor: Tensor, axis: number, start: number, length: number, border: number): Tensor {
  const { dims } = tensor;
  const [outer, size, inner] = [elementCount(dims.slice(0, axis)), dims[axis]!, elementCount(dims.slice(axis + 1))];
  const source = tensor.data as Uint8Array | Float32Array;
  const data =
    tensor.dtype === "uint8" ? new Uint8Array(outer * length * inner) : new Float32Array(outer * length * inner);
  data.fill(border);
  for (let o = 0; o < outer; o++)
    for (let i = Math.max(0, -start); i < Math.min(length, size - start); i++) {
      const from = (o * size + start + i) * inner;
      data.set(source.subarray(from, from + inner), (o * length + i) * inner);
    }
  return { dtype: tensor.dtype, dims: dims.map((own, d) => (d === axis ? length : own)), data };
}

/** The axes in another order, as numpy.transpose. */
export function transposed(tensor: Tensor, order: readonly number[]): Tensor {
  const dims = order.map((axis) => tensor.dims[axis]!);
  const strides = tensor.dims.map((_, axis) => elementCount(tensor.dims.slice(axis + 1)));
  const data: TensorData =
    tensor.dtype === "uint8" ? new Uint8Array(tensor.data.length) : new Float32Array(tensor.data.length);
  const inner = dims.map((_, d) => elementCount(dims.slice(d + 1)));
  for (let i = 0; i < data.length; i++) {
    let from = 0;
    for (let d = 0; d < dims.length; d++) from += (Math.floor(i / inner[d]!) % dims[d]!) * strides[order[d]!]!;
    data[i] = tensor.data[from] as number;
  }
  return { dtype: tensor.dtype, dims, data };
}

/** Every element by what its channel says. */
export function byChannel(tensor: Tensor, axis: number, compute: (value: number, channel: number) => number): Tensor {
  const [size, inner] = [tensor.dims[axis]!, elementCount(tensor.dims.slice(axis + 1))];
  const data = new Float32Array(tensor.data.length);
  for (let i = 0; i < data.length; i++) data[i] = compute(tensor.data[i] as number, Math.floor(i / inner) % size);
  return { dtype: "float32", dims: tensor.dims, data };
}
