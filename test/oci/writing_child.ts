// A process that writes entries to a store until it is killed: `node writing_child.ts <store> <name prefix>`.
import { refNameAnnotation, Store } from "../../src/oci/index.ts";
import { addEntry } from "./entries.ts";

const [folder, prefix] = process.argv.slice(2) as [string, string];
const store = await Store.open(folder);
process.stdout.write("ready\n");
// Bounded, since the other process of a round may be slow to start; then it waits to be killed.
for (let turn = 0; turn < 60; turn++) {
  await addEntry(store, `${prefix}:0.0.${turn}`, [`${prefix} ${turn} a`.repeat(20_000), `${prefix} ${turn} b`]);
  // Every third entry goes again, so that garbage collection runs under fire too.
  if (turn % 3 === 2)
    await store.remove((entry) => entry.annotations?.[refNameAnnotation] === `${prefix}:0.0.${turn - 1}`);
}
setInterval(() => {}, 1000);
