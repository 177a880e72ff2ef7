// Node's HTTP without what stands beside it: an `import` of "node:http" reads its every name, and WebSocket and the like load a whole client
// (14 MB and 30 ms on Node 24). TLS is loaded by who speaks it.
export const { createServer } = process.getBuiltinModule("node:http");
export const nodeHttps = () => process.getBuiltinModule("node:https");
export const nodeTls = () => process.getBuiltinModule("node:tls");
