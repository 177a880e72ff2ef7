// MLflow's scoring server, which is SageMaker's container contract too: /invocations, /ping, /health, /version.
// Rule: mlflow/mlflow, mlflow/pyfunc/scoring_server/__init__.py and mlflow/utils/proto_json_utils.py.
import { IngotError, quoted } from "../../core/index.ts";
import type { Route } from "../router.ts";
import type { Serving } from "../serving.ts";
import { type Dialect, messageOf } from "./dialect.ts";
import { answerInvocation } from "./invocation.ts";
import { describeMlflow } from "./records_openapi.ts";

/** The release whose answers these are; clients compare it. */
const mlflowVersion = "3.17.2";

const errorNames: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "RESOURCE_DOES_NOT_EXIST",
  429: "REQUEST_LIMIT_EXCEEDED",
  500: "INTERNAL_ERROR",
  503: "TEMPORARILY_UNAVAILABLE",
};

export const mlflow: Dialect = {
  name: "MLflow",
  prefix: "/invocations",
  errorBody: (error, requestId) => ({
    error_code: errorNames[error.httpStatus] ?? "BAD_REQUEST",
    message: messageOf(error, requestId),
  }),
  describe: describeMlflow,
  routes: (serving) => [
    ping(serving, "/ping"),
    ping(serving, "/health"),
    {
      method: "GET",
      path: "/version",
      about: "Version of MLflow whose protocol this is",
      handle: (exchange) => exchange.json(200, mlflowVersion),
    },
    {
      method: "POST",
      path: "/invocations",
      about: "Predict, as MLflow's scoring server and SageMaker's containers do",
      handle: async (exchange) => {
        checkContentType(exchange.header("content-type"));
        const model = exchange.choose();
        await answerInvocation(serving, exchange, model);
      },
    },
  ],
};

function ping(serving: Serving, path: string): Route {
  return {
    method: "GET",
    path,
    about: "Whether the server takes requests, as MLflow and SageMaker ask",
    handle: (exchange) => exchange.json(serving.isReady ? 200 : 503, "\n"),
  };
}

/**
 * MLflow refuses bodies by their type; what says nothing is read as JSON, as everywhere here.
 * @throws IngotError BODY_ENCODING_UNSUPPORTED
 */
function checkContentType(header: string | undefined): void {
  const [, ...parameters] = (header ?? "").split(";").map((part) => part.trim().toLowerCase());
  const wrong = parameters.find((parameter) => parameter !== "" && !/^charset="?utf-?8"?$/.test(parameter));
  if (wrong === undefined) return;
  throw new IngotError("BODY_ENCODING_UNSUPPORTED", {
    what: `parameter ${quoted(wrong)} is not supported`,
    where: "header Content-Type",
    fix: "send UTF-8, with `charset=utf-8` or without a parameter",
  });
}
