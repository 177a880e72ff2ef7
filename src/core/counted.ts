// Counts in sentences.

/** `1 tree`, `1,200 trees`. By hand: loading the tables of `Intl` for one number takes longer than scanning a file. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ",")} ${count === 1 ? noun : nouns}`;
}
