// Tensors between threads as one message: cloning fifteen typed arrays costs more than a small model's run, moving one buffer does not.
import { IngotError } from "../../core/index.ts";
import { dataType, dataTypeOf, elementCount, type Tensor, type TensorData } from "../../onnx/index.ts";

export type Feeds = Readonly<Record<string, Tensor>>;

/** What travels: `buffer` is moved, not copied. Texts go beside it. */
export interface Frame {
  /** Words of 32 bits (number of tensors; for each: its data type, rank, sizes), padded to 8 bytes; then each tensor's elements, padded alike. */
  readonly buffer: ArrayBuffer;
  /** Elements of the tensors of texts, one list for each, in order. */
  readonly texts: readonly (readonly string[])[];
}

type Numbers = Exclude<TensorData, string[]>;

/** The tensors named, in that order; other members of `feeds` stay behind. @throws RUNTIME_FAILED when one is absent */
export function frameOf(names: readonly string[], feeds: Feeds): Frame {
  const tensors = names.map((name) => {
    const tensor = feeds[name];
    if (tensor) return tensor;
    throw new IngotError("RUNTIME_FAILED", { what: `there is no tensor ${name}` });
  });
  const head = padded(4 * tensors.reduce((words, { dims }) => words + 2 + dims.length, 0));
  const texts: (readonly string[])[] = [];
  let size = head;
  for (const { data } of tensors) if (!Array.isArray(data)) size += padded(data.byteLength);
  const buffer = new ArrayBuffer(size);
  const words = new Uint32Array(buffer, 0, head / 4);
  const bytes = new Uint8Array(buffer);
  let word = 0;
  let offset = head;
  for (const { dtype, dims, data } of tensors) {
    words[word++] = dataType(dtype).number;
    words[word++] = dims.length;
    for (const dim of dims) words[word++] = dim;
    if (Array.isArray(data)) texts.push(data);
    else {
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
      offset += padded(data.byteLength);
    }
  }
  return { buffer, texts };
}

/** The tensors of a frame by name: views of its buffer. `names` is what `frameOf` was given. */
export function tensorsOf(names: readonly string[], { buffer, texts }: Frame): Record<string, Tensor> {
  const words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
  const shapes: { dtype: Tensor["dtype"]; dims: number[] }[] = [];
  let word = 0;
  for (const _ of names) {
    const { dtype } = dataTypeOf(words[word]!)!;
    const rank = words[word + 1]!;
    shapes.push({ dtype, dims: Array.from(words.subarray(word + 2, word + 2 + rank)) });
    word += 2 + rank;
  }
  const tensors: Record<string, Tensor> = {};
  let offset = padded(4 * word);
  let text = 0;
  for (const [index, { dtype, dims }] of shapes.entries()) {
    const { array } = dataType(dtype);
    let data: TensorData;
    if (array === null) data = texts[text++] as string[];
    else {
      const numbers: Numbers = new array(buffer, offset, elementCount(dims));
      offset += padded(numbers.byteLength);
      data = numbers;
    }
    tensors[names[index]!] = { dtype, dims, data };
  }
  return tensors;
}

function padded(size: number): number {
  return (size + 7) & ~7;
}
