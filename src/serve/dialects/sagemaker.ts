// SageMaker's InvokeEndpoint, for its unmodified clients: the endpoint is the model, the target variant pins a variant, and the signature
// of the request is not looked at (whoever must be kept out is kept out by a token).
// Rule: the model of AWS's own SDK, @aws-sdk/client-sagemaker-runtime, commands/InvokeEndpointCommand.
import { IngotError, quoted } from "../../core/index.ts";
import type { Serving } from "../serving.ts";
import { type Dialect, messageOf } from "./dialect.ts";
import { answerInvocation } from "./invocation.ts";

const errorNames: Readonly<Record<number, string>> = {
  500: "InternalFailure",
  503: "ServiceUnavailable",
};

export const sagemaker: Dialect = {
  name: "SageMaker",
  prefix: "/endpoints",
  errorBody: (error, requestId) => {
    const text = messageOf(error, requestId);
    return { __type: errorNames[error.httpStatus] ?? "ValidationError", Message: text, message: text };
  },
  routes: (serving) => [
    {
      method: "POST",
      path: "/endpoints/{endpoint}/invocations",
      about: "Predict, as SageMaker's InvokeEndpoint does",
      handle: async (exchange, [endpoint]) => {
        const variant = exchange.header("x-amzn-sagemaker-target-variant");
        const version = variant === undefined ? "" : versionOf(serving, endpoint!, variant);
        const model = exchange.choose(endpoint!, version);
        await answerInvocation(serving, exchange, model, { "x-Amzn-Invoked-Production-Variant": model.variant });
      },
    },
  ],
};

/** @throws IngotError MODEL_UNKNOWN for a variant that does not serve this endpoint */
function versionOf(serving: Serving, endpoint: string, variant: string): string {
  serving.find(endpoint);
  const models = serving.models.filter((model) => model.name === endpoint);
  const model = models.find((candidate) => candidate.variant === variant);
  if (model) return model.version;
  throw new IngotError("MODEL_UNKNOWN", {
    what: `endpoint ${quoted(endpoint)} has no variant ${quoted(variant)}`,
    where: "header X-Amzn-SageMaker-Target-Variant",
    fix: `variants: ${[...new Set(models.map((candidate) => candidate.variant))].join(", ")}`,
  });
}
