// What the pack benchmark measures from outside: `node pack_child.ts <project> <store>` packs once and exits.
import { Store } from "../src/oci/index.ts";
import { pack } from "../src/package/index.ts";

const [project, folder] = process.argv.slice(2) as [string, string];
const { digest } = await pack(project, await Store.open(folder), { force: true });
process.stdout.write(`${digest}\n`);
