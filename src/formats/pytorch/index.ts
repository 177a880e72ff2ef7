// pytorch: every container that torch has written models in. Pickles are walked, storages are numbers, programs are told as code.
export { pytorchExported } from "./exported.ts";
export { torchPackage } from "./package.ts";
export { pytorchStream } from "./stream.ts";
export { pytorchTar } from "./tar.ts";
export { pytorch } from "./zip.ts";
