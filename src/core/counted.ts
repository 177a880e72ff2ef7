// Counts in sentences.

/** A whole number, its digits in groups of three. By hand: loading the tables of `Intl` for one number takes longer than scanning a file. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 tree`, `1,200 trees`. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${grouped(count)} ${count === 1 ? noun : nouns}`;
}

/** `1 byte follows`, `5 bytes follow`: of what stands behind an end. */
export function bytesFollow(count: number): string {
  return `${counted(count, "byte")} ${count === 1 ? "follows" : "follow"}`;
}
