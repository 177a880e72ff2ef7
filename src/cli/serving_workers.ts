// What `ingot serve --workers` needs beside the rest.
export { startWorkers } from "../serve/index.ts";
