// A process that packs: `node packing_child.ts <store> <project> [times]`; prints the digest, or the code of the error, per pack.
import { IngotError } from "../../src/core/index.ts";
import { Store } from "../../src/oci/index.ts";
import { pack } from "../../src/package/index.ts";

const [folder, project, times = "1"] = process.argv.slice(2) as [string, string, string?];
const store = await Store.open(folder);
for (let turn = 0; turn < Number(times); turn++) {
  const answer = await pack(project, store, { force: Number(times) > 1 }).then(
    (result) => result.digest,
    (error) => (error instanceof IngotError ? error.code : String(error.stack)),
  );
  process.stdout.write(`${answer}\n`);
}
