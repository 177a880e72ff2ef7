// One repository of a registry: manifests and blobs in and out, every byte checked against its digest.
// Rule: opencontainers/distribution-spec, spec.md; tokens as distribution/distribution, docs/spec/auth/token.md.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { type Digest, IngotError, quoted } from "../core/index.ts";
import { largestManifest } from "./manifest.ts";

export interface ImageReference {
  readonly host: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly tag: string;
}

const imagePattern =
  /^(?:([a-zA-Z0-9.-]+(?::\d+)?)\/)?([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** `host/path:tag`; without a host it is Docker Hub's. @throws IngotError REFERENCE_INVALID */
export function parseImageReference(text: string): ImageReference {
  const [, first, rest, tag, digest] = imagePattern.exec(text) ?? [];
  if (rest === undefined)
    throw new IngotError("REFERENCE_INVALID", {
      what: `${quoted(text)} is no name of an image`,
      fix: "write it as host/path:tag",
    });
  const isHost = first !== undefined && (/[.:]/.test(first) || first === "localhost");
  const repository = first === undefined || isHost ? rest : `${first}/${rest}`;
  const host = isHost ? first : "docker.io";
  const full = host === "docker.io" && !repository.includes("/") ? `library/${repository}` : repository;
  return { host, repository: full, tag: digest ?? tag ?? "latest" };
}

const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

export class RemoteRepository {
  readonly reference: ImageReference;
  private readonly base: string;
  private token: string | null = null;

  constructor(reference: ImageReference) {
    this.reference = reference;
    const host = reference.host === "docker.io" ? "registry-1.docker.io" : reference.host;
    // Without encryption only where nobody is in between.
    const isLocal = /^(localhost|127\.0\.0\.1)(:|$)/.test(host);
    this.base = `${isLocal ? "http" : "https"}://${host}/v2/${reference.repository}`;
  }

  /** @throws IngotError PACKAGE_NOT_FOUND, REMOTE_FAILED, PACKAGE_CORRUPT when it is not what its digest says */
  async manifest(reference: string): Promise<{ bytes: Buffer; mediaType: string; digest: Digest }> {
    const response = await this.ask(`/manifests/${reference}`, { headers: { Accept: manifestTypes } });
    const bytes = await bounded(response, largestManifest);
    const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    if (reference.startsWith("sha256:") && reference !== digest) throw this.corrupt(`manifest ${reference}`);
    return { bytes, mediaType: response.headers.get("content-type")?.split(";")[0]?.trim() ?? "", digest };
  }

  /** A blob's bytes; throws at the end when they are not what the digest says. */
  async *blob(digest: Digest): AsyncGenerator<Uint8Array> {
    const response = await this.ask(`/blobs/${digest}`);
    const hash = createHash("sha256");
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      yield chunk;
    }
    if (`sha256:${hash.digest("hex")}` !== digest) throw this.corrupt(`blob ${digest}`);
  }

  async hasBlob(digest: Digest): Promise<boolean> {
    const response = await this.ask(`/blobs/${digest}`, { method: "HEAD" }, [404]);
    return response.status === 200;
  }

  /** Uploads a blob that is not there yet, in one piece. @param bytes called once for the content */
  async pushBlob(digest: Digest, size: number, bytes: () => AsyncIterable<Uint8Array>): Promise<void> {
    if (await this.hasBlob(digest)) return;
    const begun = await this.ask("/blobs/uploads/", { method: "POST", headers: { "Content-Length": "0" } });
    const location = new URL(begun.headers.get("location") ?? "", begun.url);
    location.searchParams.set("digest", digest);
    const headers = { "Content-Type": "application/octet-stream", "Content-Length": String(size) };
    await this.ask(location, {
      method: "PUT",
      headers,
      body: ReadableStream.from(bytes()),
      duplex: "half",
    } as RequestInit);
  }

  async pushManifest(tag: string, mediaType: string, bytes: Uint8Array): Promise<void> {
    await this.ask(`/manifests/${tag}`, {
      method: "PUT",
      headers: { "Content-Type": mediaType },
      body: Buffer.from(bytes),
    });
  }

  /** One request; asks for a token when the registry wants one. */
  private async ask(target: string | URL, init: RequestInit = {}, accepted: readonly number[] = []): Promise<Response> {
    const url = typeof target === "string" ? this.base + target : target;
    const method = init.method ?? "GET";
    if (this.token === null && method !== "GET" && method !== "HEAD") await this.signIn(method);
    let response = await this.send(url, init);
    if (response.status === 401 && init.body === undefined) {
      this.token = await this.tokenFor(response.headers.get("www-authenticate") ?? "");
      response = await this.send(url, init);
    }
    if (response.ok || accepted.includes(response.status)) return response;
    const said = (await bounded(response, 1 << 16).catch(() => Buffer.alloc(0))).toString("utf8").slice(0, 300);
    const where = `${this.reference.host}/${this.reference.repository}`;
    if (response.status === 404)
      throw new IngotError("PACKAGE_NOT_FOUND", { what: `there is no ${String(target)}`, where });
    throw new IngotError("REMOTE_FAILED", {
      what: `${method} was answered ${response.status} ${said}`,
      where,
      fix:
        response.status === 401 || response.status === 403
          ? "sign in with `docker login`, `podman login` or `oras login`"
          : undefined,
    });
  }

  private async send(url: string | URL, init: RequestInit): Promise<Response> {
    const headers = {
      ...(init.headers as Record<string, string>),
      ...(this.token === null ? {} : { Authorization: this.token }),
    };
    try {
      return await fetch(url, { ...init, headers });
    } catch (cause) {
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw new IngotError("REMOTE_FAILED", {
        what: `cannot be reached: ${reason}`,
        where: this.reference.host,
        cause,
      });
    }
  }

  /** Bodies can be sent once only: the token comes first. */
  private async signIn(method: string): Promise<void> {
    const { protocol, host } = new URL(this.base);
    const probe = await this.send(`${protocol}//${host}/v2/`, {});
    await probe.body?.cancel();
    if (probe.status === 401) this.token = await this.tokenFor(probe.headers.get("www-authenticate") ?? "", method);
  }

  private async tokenFor(challenge: string, method = "GET"): Promise<string> {
    const known = await credentials(this.reference.host);
    if (/^basic/i.test(challenge)) return known === null ? "" : `Basic ${known}`;
    const parameter = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
    const realm = parameter("realm");
    if (realm === undefined || !/^https?:/.test(realm))
      throw new IngotError("REMOTE_FAILED", { what: `asks for ${quoted(challenge)}`, where: this.reference.host });
    const url = new URL(realm);
    const service = parameter("service");
    if (service !== undefined) url.searchParams.set("service", service);
    const actions = method === "GET" || method === "HEAD" ? "pull" : "pull,push";
    url.searchParams.set("scope", `repository:${this.reference.repository}:${actions}`);
    const response = await fetch(url, known === null ? {} : { headers: { Authorization: `Basic ${known}` } });
    if (!response.ok)
      throw new IngotError("REMOTE_FAILED", { what: `gives no token (${response.status})`, where: url.host });
    const { token, access_token: other } = (await response.json()) as { token?: string; access_token?: string };
    return `Bearer ${token ?? other ?? ""}`;
  }

  private corrupt(what: string): IngotError {
    return new IngotError("PACKAGE_CORRUPT", {
      what: `${what} is not what its digest says`,
      where: `${this.reference.host}/${this.reference.repository}`,
    });
  }
}

/** What `docker login` and its like left for a host, as Basic authentication takes it. */
async function credentials(host: string): Promise<string | null> {
  const folder = process.env["DOCKER_CONFIG"] ?? path.join(homedir(), ".docker");
  const text = await readFile(path.join(folder, "config.json"), "utf8").catch(() => "{}");
  const { auths = {} } = JSON.parse(text) as { auths?: Record<string, { auth?: string }> };
  const names = host === "docker.io" ? ["https://index.docker.io/v1/", "docker.io"] : [host, `https://${host}`];
  return names.map((name) => auths[name]?.auth).find((auth) => auth !== undefined) ?? null;
}

async function bounded(response: Response, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit)
      throw new IngotError("FILE_TOO_LARGE", { what: `more than ${limit} bytes were sent`, where: response.url });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
