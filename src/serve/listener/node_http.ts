// Node's HTTP without what stands beside it: an `import` of "node:http" reads its every name, and WebSocket and the like load a whole client
// (14 MB and 30 ms on Node 24).
export const { createServer } = process.getBuiltinModule("node:http");
