// grpc.health.v1.Health: what load balancers and Kubernetes probes ask. Rule: grpc/grpc-proto, grpc/health/v1/health.proto.
import { IngotError, quoted } from "../../core/index.ts";
import type { Serving } from "../serving.ts";
import { enumType, MessageType } from "./message_type.ts";
import { open, type Service, unary, watch } from "./service.ts";

const status = enumType("ServingStatus", { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 });
const request = new MessageType<{ service?: string }>("HealthCheckRequest", [[1, "service", "string"]]);
const response = new MessageType<{ status: string }>("HealthCheckResponse", [[1, "status", status]]);

/** How often a watched state is looked at; it changes when the server stops. */
const watchEveryMs = 250;

/** @param names of the services that can be asked about; the empty name is the whole server */
export function healthService(serving: Serving, names: readonly string[]): Service {
  const known = new Set(["", ...names]);
  const state = () => (serving.isReady ? "SERVING" : "NOT_SERVING");
  return {
    name: "grpc.health.v1.Health",
    file: "grpc/health/v1/health.proto",
    methods: [
      open(
        unary("Check", request, response, ({ service = "" }) => {
          if (!known.has(service))
            throw new IngotError("MODEL_UNKNOWN", {
              what: `there is no service ${quoted(service)}`,
              fix: `there are ${names.join(", ")}`,
            });
          return { status: state() };
        }),
      ),
      open(
        watch("Watch", request, response, ({ service = "" }, send) => {
          let told = known.has(service) ? state() : "SERVICE_UNKNOWN";
          send({ status: told });
          if (!known.has(service)) return () => {};
          const timer = setInterval(() => {
            if (state() === told) return;
            told = state();
            send({ status: told });
          }, watchEveryMs);
          timer.unref();
          return () => clearInterval(timer);
        }),
      ),
    ],
  };
}
