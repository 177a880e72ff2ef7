// Values that are there at once or come later: what is in memory is used without waiting, what is on disk is waited for.

export type Soon<T> = T | Promise<T>;

/** `use(value)`, now where the value is there. Waiting costs more than reading a small file. */
export function soon<T, U>(value: Soon<T>, use: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(use) : use(value);
}
