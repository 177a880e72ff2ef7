import { IngotError } from "../../core/index.ts";
import { command, positional, value } from "../command.ts";
import { runtimeOf } from "../runtime_option.ts";
import { stopRequest } from "../stop_request.ts";
import { version } from "../version.ts";

export default command({
  name: "serve",
  about: "Serve a package over HTTP: /predict, Open Inference Protocol v2, OpenAPI, and a page to try it",
  examples: ["ingot serve flight-delay", "ingot serve flight-delay:1.0.0 --port 9000 --host 0.0.0.0"],
  args: {
    ref: positional("package"),
    port: value("number", "default 8080; 0 takes a free one", "p"),
    host: value("address", "default 127.0.0.1: this machine only"),
    runtime: value("native|wasm|micro", "what runs the graph; default: native"),
  },
  async run({ ref, port, host, runtime }, io) {
    const name = runtimeOf(runtime);
    const number = Number(port ?? 8080);
    if ((port !== undefined && !/^\d+$/.test(port)) || number > 65535)
      throw new IngotError("USAGE", {
        what: `\`${port}\` is no port`,
        where: "--port",
        fix: "a number from 0 to 65535",
      });
    const [{ openPackage }, { servedPackage, startServer }, { exampleCurl }] = await Promise.all([
      import("../../package/index.ts"),
      import("../../serve/index.ts"),
      import("../serving_hint.ts"),
    ]);
    const pkg = await openPackage(ref, await io.openStore());
    const model = await servedPackage(pkg, name ? { runtime: name } : {});
    const server = await startServer({ models: [model], port: number, version, ...(host ? { host } : {}) });
    io.result({ url: server.url, name: pkg.name, version: pkg.version, digest: pkg.digest }, () =>
      [
        `serving ${pkg.name}:${pkg.version} at ${server.url}`,
        `  page     ${server.url}/`,
        `  API      ${server.url}/openapi.json`,
        `  try      ${exampleCurl(server.url, model)}`,
      ].join("\n"),
    );
    await stopRequest();
    io.note("stopping: requests under way are finished first");
    await server.close();
  },
});
