// What answers without a token: probes of supervisors, and pages that hold nothing of a model. Everything else is denied by default.
export const openRoutes: ReadonlySet<string> = new Set([
  "/healthz",
  "/readyz",
  "/ping",
  "/health",
  "/v2/health/live",
  "/v2/health/ready",
  "/",
  "/docs",
  "/status",
  "/assets/{file}",
]);
