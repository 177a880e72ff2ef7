import { IngotError } from "../../core/index.ts";
import { adminOption } from "../admin_option.ts";
import { command, flag, rest, value, values } from "../command.ts";
import { listenOptions, loadOptions, workersOf } from "../listen_options.ts";
import { grpcPortOf, portOf } from "../port_option.ts";
import { runtimeOf } from "../runtime_option.ts";
import { stopRequest } from "../stop_request.ts";
import { traceOption } from "../trace_option.ts";
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
    "ingot serve flight-delay --workers 4",
    "ingot serve income --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --token-file tokens",
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
    trace: value("url", "OpenTelemetry collector (OTLP over HTTP); default $OTEL_EXPORTER_OTLP_ENDPOINT, else none"),
    traceSample: value("share", "of the traces that begin here; default 1"),
    socket: value("path", "a Unix socket instead of a port"),
    tlsCert: value("file", "PEM certificate with its chain; read again when it changes"),
    tlsKey: value("file", "PEM key of the certificate"),
    tokenFile: value("file", "who may ask: one bearer token a line, models it is for behind it; default: everybody"),
    cors: values("origin", "pages of this origin may ask, `*` of any; may be given again"),
    latencyTarget: value("ms", "wait for company while answers stay below this; default: nobody waits"),
    noBatching: flag("every request runs by itself"),
    threads: value(
      "number",
      "threads within one run of a model; default: 1, all cores for slow ones; 1 with --workers",
    ),
    workers: value("number", "processes that answer, each with its copy of the models; default: this one alone"),
    maxInFlight: value("number", "predictions under way before 503; default 1024"),
    maxBody: value("MiB", "largest request body; default 32"),
  },
  async run(args, io) {
    const { packages, file, variant, port, grpcPort, host, runtime } = args;
    const { adminPort, adminTokenFile, modelControl, accessLog } = args;
    const name = runtimeOf(runtime);
    const httpPort = portOf(port, "--port", 8080);
    // Who asks for a socket wants no port, unless it is said.
    const grpc = args.socket !== undefined && grpcPort === undefined ? null : grpcPortOf(grpcPort, httpPort);
    if ((file === undefined) === (packages.length === 0) || (file !== undefined && variant.length > 0))
      throw new IngotError("USAGE", {
        what: file === undefined ? "<packages> is missing: there is nothing to serve" : "`-f` says all that is served",
        where: "ingot serve",
        fix: "name packages, or a file: see `ingot serve --help`",
      });
    const [{ giveBackWhenIdle, planOfFlags, startDeployed, storePackages }, { exampleCurl }, admin] = await Promise.all(
      [import("../serving.ts"), import("../serving_hint.ts"), adminOption(adminPort, adminTokenFile, io)],
    );
    const traces = traceOption(args.trace, args.traceSample);
    const load = { ...loadOptions(args.noBatching, args.threads), ...(name ? { runtime: name } : {}) };
    const store = await io.openStore();
    const toStderr = (line: string) => void process.stderr.write(`${line}\n`);
    const workers = workersOf(args.workers);
    const { tokens, socket, ...listen } = await listenOptions(args);
    const settings = { ...listen, version };
    const shared = {
      deployment: file ?? planOfFlags(packages, variant),
      find: storePackages(store, load),
      port: httpPort,
      ...(socket ? { socket } : {}),
      ...(grpc === null ? {} : { grpcPort: grpc }),
      ...(host ? { host } : {}),
      ...(admin ? { admin } : {}),
      log: (entry: Readonly<Record<string, unknown>>) => {
        if (entry["revision"] !== 1)
          toStderr(JSON.stringify({ time: new Date().toISOString(), level: "info", ...entry }));
      },
    };
    const traced = traces && { ...traces, version };
    const server =
      workers === null
        ? await startDeployed({
            ...shared,
            ...settings,
            eventLog: (line) => io.note(line),
            ...(tokens ? { tokens } : {}),
            ...(modelControl ? { modelControl } : {}),
            ...(accessLog ? { accessLog: toStderr } : {}),
            ...(traced ? { traces: traced } : {}),
          })
        : await (await import("../serving_workers.ts")).startWorkers({
            ...shared,
            settings: {
              server: settings,
              store: store.folder,
              load,
              tokens: tokens?.entries ?? null,
              traces: traced,
              modelControl,
              accessLog,
              events: !io.quiet && !io.json,
              workers,
            },
          });
    if (workers === null) giveBackWhenIdle();
    process.on("SIGHUP", () => void server.reload("SIGHUP"));
    const models = "serving" in server ? server.serving.models : server.models;
    const first = models[0]!;
    const served = models.map(({ name, version, digest, variant }) => ({ name, version, digest, variant }));
    const grpcHost = args.socket === undefined ? new URL(server.url).hostname : (args.host ?? "127.0.0.1");
    io.result(
      {
        url: server.url,
        ...(server.grpcPort === null ? {} : { grpcPort: server.grpcPort }),
        ...served[0],
        models: served,
        ...(server.admin ? { admin: server.admin.url } : {}),
        ...(workers === null ? {} : { workers }),
      },
      () =>
        [
          `serving ${models.map(({ name, version, variant }) => `${name}:${version}${variant === "main" ? "" : ` (${variant})`}`).join(", ")} at ${server.url}`,
          ...(args.socket === undefined
            ? [`  page     ${server.url}/`, `  status   ${server.url}/status`, `  API      ${server.url}/openapi.json`]
            : []),
          ...(server.grpcPort === null ? [] : [`  gRPC     ${grpcHost}:${server.grpcPort}`]),
          ...(server.admin ? [`  admin    ${server.admin.url}/deployment`] : []),
          `  try      ${exampleCurl(server.url, first)}`,
        ].join("\n"),
    );
    await stopRequest();
    io.note("stopping: requests under way are finished first");
    await server.close();
  },
});
