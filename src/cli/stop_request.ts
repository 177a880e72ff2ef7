// When a person or a supervisor asks a running server to stop.
const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * One request may arrive twice: a terminal signals the whole process group, and the process that started us (`npm`, an older
 * Node that re-executed the bundled one) passes its own signal on.
 */
const echoMs = 500;

/** Resolves at the first SIGINT or SIGTERM. After its echo, the next one ends the process at once, as it would without us. */
export function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      resolve();
      setTimeout(() => {
        for (const signal of signals) process.removeListener(signal, stop);
      }, echoMs).unref();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
