// What `ingot convert` needs to certify a graph: it runs graphs, so it is loaded apart.
export { certifyConversion } from "../package/index.ts";
