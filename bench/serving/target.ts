// Serves one package of a store for the benchmark: what `ingot serve` does, in a process that reports its port.
import { Store } from "../../src/oci/index.ts";
import { openPackage } from "../../src/package/index.ts";
import { servedPackage, startServer } from "../../src/serve/index.ts";

const [storeFolder, reference] = process.argv.slice(2);
const pkg = await openPackage(reference!, await Store.open(storeFolder!));
const server = await startServer({ models: [await servedPackage(pkg)], port: 0 });
process.send!(server.port);
process.once("disconnect", () => process.exit());
