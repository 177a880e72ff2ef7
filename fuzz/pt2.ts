// PyTorch exported programs: the graph of a `.pt2`.
import { folderTarget } from "./readers.ts";

export const name = "pt2";

export const target = folderTarget("pt2", "zip", "models/model.json", ["archive_format", "data/weights/weight_0"]);
