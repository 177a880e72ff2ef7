// `/` and `/docs`: the playground and the API's description as pages, one built bundle for both.
import { IngotError } from "../../core/index.ts";
import type { Exchange } from "../exchange.ts";
import type { Asset, WebAssets } from "../web_assets.ts";
import type { Dialect } from "./dialect.ts";
import { plainErrorBody } from "./dialect.ts";

export const pages: Dialect = {
  name: "pages",
  prefix: "/",
  errorBody: plainErrorBody,
  routes: ({ options: { web } }) => [
    {
      method: "GET",
      path: "/",
      about: "Playground",
      handle: (exchange) => page(exchange, web),
    },
    {
      method: "GET",
      path: "/docs",
      about: "Description of the API as a page",
      handle: (exchange) => page(exchange, web),
    },
    {
      method: "GET",
      path: "/status",
      about: "Traffic, latencies, variants and errors as they happen",
      handle: (exchange) => page(exchange, web),
    },
    {
      method: "GET",
      path: "/assets/{file}",
      about: "Scripts and styles of the pages",
      handle: async (exchange, [file]) => {
        const asset = await web.find(`assets/${file}`);
        if (!asset) throw new IngotError("ROUTE_UNKNOWN", { what: `the pages have no file ${file}` });
        // The name carries a hash of the content.
        answer(exchange, asset, { "Cache-Control": "public, max-age=31536000, immutable" });
      },
    },
  ],
};

const notBuilt =
  "<!doctype html><html lang=en><title>Ingot</title><h1>Ingot is serving</h1><p>The pages are not built: run <code>npm run build</code>. The API works: see <a href=/openapi.json>/openapi.json</a>.";

async function page(exchange: Exchange, web: WebAssets): Promise<void> {
  const index = await web.find("index.html");
  if (index) answer(exchange, index, { "Cache-Control": "no-cache", ...pageHeaders });
  else exchange.send(200, "text/html; charset=utf-8", notBuilt, pageHeaders);
}

const pageHeaders = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
};

function answer(exchange: Exchange, asset: Asset, headers: Record<string, string>): void {
  const { etag, contentType } = asset;
  if (exchange.request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) {
    exchange.send(304, null, "", { ...headers, ETag: etag });
    return;
  }
  const zipped = /\bgzip\b/.test(exchange.request.headers["accept-encoding"] ?? "");
  exchange.send(200, contentType, zipped ? asset.gzip() : asset.bytes, {
    ...headers,
    ETag: etag,
    Vary: "Accept-Encoding",
    ...(zipped ? { "Content-Encoding": "gzip" } : {}),
  });
}
