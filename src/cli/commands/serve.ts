import { IngotError } from "../../core/index.ts";
import { adminOption } from "../admin_option.ts";
import { command, flag, rest, value, values } from "../command.ts";
import { grpcPortOf, portOf } from "../port_option.ts";
import { runtimeOf } from "../runtime_option.ts";
import { stopRequest } from "../stop_request.ts";
import { version } from "../version.ts";

export default command({
  name: "serve",
  about:
    "Serve packages over HTTP and gRPC, for clients of Triton, KServe, MLflow, TensorFlow Serving and SageMaker, with a page to try it",
  examples: [
    "ingot serve flight-delay",
    "ingot serve flight-delay:1.0.0 penguins --port 9000 --host 0.0.0.0",
    "ingot serve flight-delay:1.0.0 --variant next=flight-delay:1.1.0,10",
    "ingot serve -f deployment.yaml --admin-port 8082",
  ],
  args: {
    packages: rest("packages; the first one answers /predict"),
    file: value("deployment.yaml", "what is served, by variants and weights; followed while it changes", "f"),
    variant: values(
      "name=package,weight",
      "a variant of the first package, or `name=package,shadow`; may be given again",
    ),
    port: value("number", "default 8080; 0 takes a free one", "p"),
    grpcPort: value("number|off", "default the port after --port: 8081"),
    host: value("address", "default 127.0.0.1: this machine only"),
    runtime: value("native|wasm|micro", "what runs the graph; default: native"),
    adminPort: value("number", "changes what is served while it runs; default: no admin API"),
    adminTokenFile: value("file", "its token; default $INGOT_ADMIN_TOKEN, else a new one, which is printed"),
    modelControl: flag("clients may load and unload packages of the store (/v2/repository, gRPC)"),
    accessLog: flag("one JSON line per request on stderr"),
  },
  async run(
    { packages, file, variant, port, grpcPort, host, runtime, adminPort, adminTokenFile, modelControl, accessLog },
    io,
  ) {
    const name = runtimeOf(runtime);
    const httpPort = portOf(port, "--port", 8080);
    const grpc = grpcPortOf(grpcPort, httpPort);
    if ((file === undefined) === (packages.length === 0) || (file !== undefined && variant.length > 0))
      throw new IngotError("USAGE", {
        what: file === undefined ? "<packages> is missing: there is nothing to serve" : "`-f` says all that is served",
        where: "ingot serve",
        fix: "name packages, or a file: see `ingot serve --help`",
      });
    const [{ planOfFlags, startDeployed, storePackages }, { exampleCurl }, admin] = await Promise.all([
      import("../../serve/index.ts"),
      import("../serving_hint.ts"),
      adminOption(adminPort, adminTokenFile, io),
    ]);
    const find = storePackages(await io.openStore(), name ? { runtime: name } : {});
    const toStderr = (line: string) => void process.stderr.write(`${line}\n`);
    const server = await startDeployed({
      deployment: file ?? planOfFlags(packages, variant),
      find,
      version,
      port: httpPort,
      ...(grpc === null ? {} : { grpcPort: grpc }),
      ...(modelControl ? { modelControl } : {}),
      ...(host ? { host } : {}),
      ...(admin ? { admin } : {}),
      ...(accessLog ? { accessLog: toStderr } : {}),
      log: (entry) => {
        if (entry["revision"] !== 1)
          toStderr(JSON.stringify({ time: new Date().toISOString(), level: "info", ...entry }));
      },
    });
    process.on("SIGHUP", () => void server.reload("SIGHUP"));
    const { models, first } = server.serving;
    const served = models.map(({ name, version, digest, variant }) => ({ name, version, digest, variant }));
    io.result(
      {
        url: server.url,
        ...(server.grpcPort === null ? {} : { grpcPort: server.grpcPort }),
        ...served[0],
        models: served,
        ...(server.admin ? { admin: server.admin.url } : {}),
      },
      () =>
        [
          `serving ${models.map(({ name, version, variant }) => `${name}:${version}${variant === "main" ? "" : ` (${variant})`}`).join(", ")} at ${server.url}`,
          `  page     ${server.url}/`,
          `  status   ${server.url}/status`,
          `  API      ${server.url}/openapi.json`,
          ...(server.grpcPort === null ? [] : [`  gRPC     ${new URL(server.url).hostname}:${server.grpcPort}`]),
          ...(server.admin ? [`  admin    ${server.admin.url}/deployment`] : []),
          `  try      ${exampleCurl(server.url, first)}`,
        ].join("\n"),
    );
    await stopRequest();
    io.note("stopping: requests under way are finished first");
    await server.close();
  },
});
