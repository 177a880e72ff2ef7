// The store's lock is node:sqlite, which early releases of Node 24 announce as experimental each time. Nothing else is silenced.
const emitWarning = process.emitWarning;

process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (/^SQLite is an experimental feature/.test(String(warning))) return;
  Reflect.apply(emitWarning, process, [warning, ...rest]);
};
