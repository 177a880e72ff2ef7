// SageMaker's InvokeEndpoint, for its unmodified clients: the endpoint is the model, the target variant pins a variant, and the signature
// of the request is not looked at (whoever must be kept out is kept out by a token).
// Rule: the model of AWS's own SDK, @aws-sdk/client-sagemaker-runtime, commands/InvokeEndpointCommand.
import { type Dialect, messageOf } from "./dialect.ts";
import { answerInvocation } from "./invocation.ts";
import { describeSageMaker } from "./records_openapi.ts";

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
  describe: describeSageMaker,
  routes: (serving) => [
    {
      method: "POST",
      path: "/endpoints/{endpoint}/invocations",
      about: "Predict, as SageMaker's InvokeEndpoint does",
      handle: async (exchange, [endpoint]) => {
        const variant = exchange.header("x-amzn-sagemaker-target-variant");
        const model = variant === undefined ? exchange.choose(endpoint!) : exchange.chooseVariant(endpoint!, variant);
        await answerInvocation(serving, exchange, model, () => {
          const answered = exchange.call.answeredBy ?? model;
          return { "x-Amzn-Invoked-Production-Variant": answered.variant };
        });
      },
    },
  ],
};
