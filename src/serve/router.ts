// From method and path to a route. Fixed paths are one map look-up; paths with parameters are matched part by part.
import { IngotError, quoted } from "../core/index.ts";
import type { Exchange } from "./exchange.ts";

export interface Route {
  readonly method: "GET" | "POST";
  /** Parts in braces are parameters: `/v2/models/{model}/infer`; a part may go on after one: `/v1/models/{model}:predict`. */
  readonly path: string;
  readonly about: string;
  /** Answers the exchange. `parameters` are decoded, in the order of the path. */
  handle(exchange: Exchange, parameters: readonly string[]): void | Promise<void>;
}

export interface Match {
  readonly route: Route;
  readonly parameters: readonly string[];
}

interface Place {
  readonly byMethod: ReadonlyMap<string, Route>;
  readonly parameters: readonly string[];
}

interface Pattern {
  readonly parts: readonly string[];
  readonly byMethod: Map<string, Route>;
}

/** No route has more parts than this. */
const mostParts = 16;

export class Router {
  readonly routes: readonly Route[];
  private readonly fixed = new Map<string, Map<string, Route>>();
  private readonly patterns: Pattern[] = [];

  constructor(routes: readonly Route[]) {
    this.routes = routes;
    for (const route of routes) this.methodsAt(route.path).set(route.method, route);
  }

  private methodsAt(path: string): Map<string, Route> {
    const parts = path.split("/");
    const known = path.includes("{")
      ? this.patterns.find((pattern) => pattern.parts.join("/") === path)?.byMethod
      : this.fixed.get(path);
    if (known) return known;
    const byMethod = new Map<string, Route>();
    if (!path.includes("{")) this.fixed.set(path, byMethod);
    // What goes on after a parameter is looked at first: the bare parameter would take it all.
    else if (/\}[^/]/.test(path)) this.patterns.unshift({ parts, byMethod });
    else this.patterns.push({ parts, byMethod });
    return byMethod;
  }

  /**
   * HEAD finds the route of GET.
   * @throws IngotError ROUTE_UNKNOWN, METHOD_NOT_ALLOWED, INPUT_INVALID for broken percent-encoding
   */
  match(method: string, path: string): Match {
    const { byMethod, parameters } = this.at(path);
    const route = byMethod.get(method === "HEAD" ? "GET" : method);
    if (!route)
      throw new IngotError("METHOD_NOT_ALLOWED", {
        what: `${method} is not possible here`,
        where: path,
        fix: `use ${[...byMethod.keys()].join(" or ")}`,
      });
    return { route, parameters };
  }

  /** Value of the `Allow` header of a path; null where nothing is. */
  allow(path: string): string | null {
    try {
      const methods = [...this.at(path).byMethod.keys()];
      return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    } catch (error) {
      if (error instanceof IngotError) return null;
      throw error;
    }
  }

  private at(path: string): Place {
    const place = this.lookUp(path) ?? (path.endsWith("/") ? this.lookUp(path.slice(0, -1)) : null);
    if (place) return place;
    throw new IngotError("ROUTE_UNKNOWN", {
      what: `nothing is at ${quoted(path, 120)}`,
      fix: `there are ${this.routes.map((route) => `${route.method} ${route.path}`).join(", ")}`,
    });
  }

  private lookUp(path: string): Place | null {
    const byMethod = this.fixed.get(path);
    if (byMethod) return { byMethod, parameters: [] };
    const parts = path.split("/", mostParts + 1);
    for (const pattern of this.patterns) {
      const parameters = parametersOf(pattern.parts, parts);
      if (parameters) return { byMethod: pattern.byMethod, parameters: parameters.map((part) => decoded(part, path)) };
    }
    return null;
  }
}

function parametersOf(pattern: readonly string[], parts: readonly string[]): string[] | null {
  if (pattern.length !== parts.length) return null;
  const parameters: string[] = [];
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index]!;
    if (!expected.startsWith("{")) {
      if (expected !== part) return null;
      continue;
    }
    const end = expected.slice(expected.indexOf("}") + 1);
    if (part.length <= end.length || !part.endsWith(end)) return null;
    parameters.push(part.slice(0, part.length - end.length));
  }
  return parameters;
}

function decoded(part: string, path: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new IngotError("INPUT_INVALID", {
      what: `${quoted(part)} is not valid percent-encoding`,
      where: path,
      fix: "encode names with encodeURIComponent or quote()",
      cause,
    });
  }
}
