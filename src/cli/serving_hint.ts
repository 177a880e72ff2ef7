// The request that a person can paste to see a server answer.
import { exampleOf, type LoadedModel } from "../serve/index.ts";

export function exampleCurl(url: string, model: Pick<LoadedModel, "schema" | "example">): string {
  const record = JSON.stringify(exampleOf(model.schema, model.example));
  const [, socket] = /^unix:(.*)$/.exec(url) ?? [];
  const where = socket === undefined ? url : `--unix-socket ${socket} http://localhost`;
  return `curl ${where}/predict -d '${record.replaceAll("'", "'\\''")}'`;
}
