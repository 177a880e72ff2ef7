// `/healthz` and `/readyz`: what process supervisors and load balancers ask.
import { type Dialect, plainErrorBody } from "./dialect.ts";

export const health: Dialect = {
  name: "health",
  prefix: "/healthz",
  errorBody: plainErrorBody,
  routes: (serving) => [
    {
      method: "GET",
      path: "/healthz",
      about: "Whether the process runs",
      handle: (exchange) => exchange.json(200, '{"status":"ok"}'),
    },
    {
      method: "GET",
      path: "/readyz",
      about: "Whether the server takes requests",
      handle: (exchange) =>
        serving.isReady
          ? exchange.json(200, '{"status":"ready"}')
          : exchange.json(503, `{"status":"${serving.draining ? "draining" : "starting"}"}`, { "Retry-After": "1" }),
    },
  ],
};
