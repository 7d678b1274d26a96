import { UserError } from "../../errors.ts";
import type { CredentialSource } from "../../oci/credentials/credentials.ts";
import { digestOf } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { HttpTransport, OpenTransport, TlsTrust } from "../../runtime/http.ts";
import { concatBytes } from "../../runtime/streams.ts";
import { TransportError } from "../../runtime/transport_error.ts";
import { readYamlDocuments } from "../../yaml/yaml_documents.ts";
import type { BundleItem } from "../bundle.ts";
import type { ChartEntry } from "../definition/bundle_definition.ts";
import { chartRef } from "../definition/item_refs.ts";
import { walkTarGzip } from "../packs/walk_tar.ts";
import { addChart } from "./artifacts.ts";
import type { MadeContent } from "./made_content.ts";

export interface ChartRepositoryParts {
  openTransport: OpenTransport;
  /** Without a client certificate: that is for registries alone. */
  trust: TlsTrust;
  credentials: CredentialSource;
  crypto: Crypto;
  signal: AbortSignal;
}

const MAX_INDEX_BYTES = 64 * 1024 * 1024;
const MAX_CHART_BYTES = 32 * 1024 * 1024;
const MAX_REDIRECTS = 5;

/**
 * Helm repositories over HTTP (helm.sh, "The Chart Repository Guide"): an index names the archive of
 * each version, and its digest.
 */
export class ChartRepositories {
  readonly #parts: ChartRepositoryParts;
  /** Each index is fetched once. */
  readonly #indexes = new Map<string, Promise<unknown>>();
  #transport: Promise<HttpTransport> | null = null;

  constructor(parts: ChartRepositoryParts) {
    this.#parts = parts;
  }

  /**
   * Fetches a chart as the artifact that Helm keeps in registries.
   * @throws {UserError} `not-found`, `integrity`, `network`, `credentials`
   */
  async download(chart: ChartEntry, made: MadeContent): Promise<BundleItem> {
    const { name, version, repo } = chart;
    const base = `${repo.replace(/\/+$/, "")}/`;
    let index = this.#indexes.get(base);
    if (index === undefined) this.#indexes.set(base, index = this.#readIndex(base));
    const found = versionOf(await index, name, version);
    if (found === null) {
      throw new UserError("not-found", `chart ${name} ${version} is not in ${repo}`);
    }
    const bytes = await this.#get(new URL(found.url, base), MAX_CHART_BYTES);
    const digest = await digestOf(bytes, this.#parts.crypto);
    if (found.digest !== "" && digest !== `sha256:${found.digest.replace(/^sha256:/, "")}`) {
      throw new UserError("integrity", `chart ${name} ${version} has not the digest of its index`);
    }
    const chartYaml = await chartYamlOf(bytes, `chart ${name} ${version}`);
    const open = () => Promise.resolve(ReadableStream.from([bytes]));
    const fileName = `${name}-${version}.tgz`;
    return await addChart({ fileName, open }, chartYaml, chartRef(chart), made);
  }

  close(): void {
    this.#transport?.then((transport) => transport.close(), () => {});
    this.#transport = null;
  }

  async #readIndex(base: string): Promise<unknown> {
    const url = new URL("index.yaml", base);
    const text = new TextDecoder().decode(await this.#get(url, MAX_INDEX_BYTES));
    return readYamlDocuments(text, `the index of ${base}`)[0];
  }

  /** Credentials go to the host of the repository alone, and not over plain HTTP elsewhere. */
  async #get(url: URL, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const { openTransport, trust, credentials, signal } = this.#parts;
    const transport = await (this.#transport ??= openTransport(trust));
    const known = await credentials.find(url.host, "");
    const authorization = known?.kind === "password"
      ? `Basic ${btoa(`${known.username}:${known.password.reveal()}`)}`
      : null;
    let at = url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const isOwn = at.origin === url.origin;
      const headers: Record<string, string> = authorization !== null && isOwn
        ? { authorization }
        : {};
      const response = await transport.send({
        method: "GET",
        url: at,
        headers,
        signal,
      }).catch((error) => {
        if (!(error instanceof TransportError)) throw error;
        throw new UserError("network", `Cannot reach ${at.origin}: ${error.message}`);
      });
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel();
        const next = new URL(location, at);
        if (at.protocol === "https:" && next.protocol !== "https:") break;
        at = next;
        continue;
      }
      if (response.status !== 200) {
        await response.body?.cancel();
        throw refused(at, response.status);
      }
      return await readAll(response.body, limitBytes, at);
    }
    throw new UserError("network", `Cannot read ${url}: it redirects too often, or to plain HTTP`);
  }
}

function refused(url: URL, status: number): UserError {
  if (status === 401 || status === 403) {
    return new UserError("credentials", `${url.host} answers ${status} to ${url.pathname}`, {
      hint: `Run palette content registry-login --registry ${url.host}`,
    });
  }
  return new UserError(
    status === 404 ? "not-found" : "network",
    `${url.host} answers ${status} to ${url.pathname}`,
  );
}

async function readAll(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
  url: URL,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body ?? []) {
    size += piece.length;
    if (size > limitBytes) {
      throw new UserError("integrity", `${url} is larger than ${limitBytes} bytes`);
    }
    pieces.push(piece);
  }
  return concatBytes(pieces);
}

/** Null when the index does not have it. */
function versionOf(
  index: unknown,
  name: string,
  version: string,
): { url: string; digest: string } | null {
  const entries = fieldOf(fieldOf(index, "entries"), name);
  if (!Array.isArray(entries)) return null;
  const plain = (text: unknown) => String(text ?? "").replace(/^v/, "");
  const found = entries.find((entry) => plain(fieldOf(entry, "version")) === plain(version));
  const urls = fieldOf(found, "urls");
  const url = Array.isArray(urls) ? urls[0] : undefined;
  if (typeof url !== "string") return null;
  return { url, digest: String(fieldOf(found, "digest") ?? "") };
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** `Chart.yaml` as JSON: the config of a chart in a registry. */
async function chartYamlOf(bytes: Uint8Array<ArrayBuffer>, what: string): Promise<string> {
  const found: string[] = [];
  await walkTarGzip(ReadableStream.from([bytes]), what, async ({ path, read }) => {
    if (/^[^/]+\/Chart\.yaml$/.test(path)) found.push(new TextDecoder().decode(await read()));
  });
  const [text] = found;
  if (text === undefined) throw new UserError("integrity", `${what} has no Chart.yaml`);
  return JSON.stringify(readYamlDocuments(text, `Chart.yaml of ${what}`)[0]);
}
