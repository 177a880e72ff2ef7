// TorchServe: the manifest of an archive (.mar).
import { folderTarget } from "./readers.ts";

export const name = "torchserve";

export const target = folderTarget("torchserve", "zip", "MAR-INF/MANIFEST.json", ["handler.py", "script-1.12.1.pt"]);
