// edge: a package as something else that runs without Ingot being installed. Each target is a folder; the command line has the table.
export { type DeployFilesOptions, deployFiles, kubernetesName } from "./image/deploy_files.ts";
export {
  type ExportedImage,
  exportImage,
  type ImageOptions,
  packLayout,
  pushImage,
} from "./image/image.ts";
export type { Compression } from "./image/layout.ts";
