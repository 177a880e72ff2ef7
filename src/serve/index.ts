// serve: opened packages behind HTTP. Many dialects over one tensor core; every dialect is one file in dialects/, and
// dialects/index.ts is the table of them.
export { dialects } from "./dialects/index.ts";
export { exampleOf } from "./example_record.ts";
export { openApiDocument } from "./openapi.ts";
export { type ServedModel, servedPackage } from "./served_model.ts";
export { type RunningServer, type ServerOptions, startServer } from "./server.ts";
