// Whether a pickle is joblib's: the names of what stands for its arrays say so.

/** Both formats ask about the same bytes. */
const answers = new WeakMap<Uint8Array, boolean>();

export function holdsArrays(head: Uint8Array): boolean {
  const before = answers.get(head);
  if (before !== undefined) return before;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const answer =
    bytes.includes("joblib.numpy_pickle") && (bytes.includes("NumpyArrayWrapper") || bytes.includes("NDArrayWrapper"));
  answers.set(head, answer);
  return answer;
}
