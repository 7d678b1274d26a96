import { UserError } from "../../errors.ts";
import type { CredentialSource } from "../../oci/credentials/credentials.ts";
import { digestOf } from "../../oci/digest.ts";
import { basicHeader } from "../../oci/registry/authorizer.ts";
import { AnswerTooLarge, Exchange } from "../../oci/registry/exchange.ts";
import { IdleLimit } from "../../oci/registry/idle_limit.ts";
import {
  isTransientStatus,
  isWorthRetry,
  retryAfterMs,
  type RetryParts,
  Unfinished,
  waitForRetry,
} from "../../oci/registry/retry.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { HttpTransport, OpenTransport, TlsTrust } from "../../runtime/http.ts";
import { TransportError } from "../../runtime/transport_error.ts";
import { readYamlDocuments } from "../../yaml/yaml_documents.ts";
import type { BundleItem } from "../bundle.ts";
import type { ChartEntry } from "../definition/bundle_definition.ts";
import { chartRef } from "../definition/item_refs.ts";
import { walkTarGzip } from "../packs/walk_tar.ts";
import { addChart } from "./artifacts.ts";
import type { MadeContent } from "./made_content.ts";

export interface ChartRepositoryParts extends RetryParts {
  openTransport: OpenTransport;
  /** Without a client certificate: that is for registries alone. */
  trust: TlsTrust;
  credentials: CredentialSource;
  crypto: Crypto;
  /** Tries after the first. */
  retries: number;
  /** How long nothing may move in a request. */
  idleMs?: number;
}

const IDLE_MS = 60_000;
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
  #hasAnswered = false;

  constructor(parts: ChartRepositoryParts) {
    this.#parts = parts;
  }

  /**
   * Fetches a chart as the artifact that Helm keeps in registries.
   * @throws {UserError} `not-found`, `integrity`, `network`, `credentials`, `validation`
   */
  async download(chart: ChartEntry, made: MadeContent): Promise<BundleItem> {
    const { name, version, repo } = chart;
    const base = `${repo.replace(/\/+$/, "")}/`;
    const repository = httpUrl(base);
    if (repository === null) {
      throw new UserError(
        "validation",
        `Cannot use "${repo}" as a chart repository: it is no HTTP address`,
        { hint: "Write it as https://HOST/PATH, or oci://HOST/PATH for a registry" },
      );
    }
    let index = this.#indexes.get(base);
    if (index === undefined) this.#indexes.set(base, index = this.#readIndex(repository));
    const found = versionOf(await index, name, version);
    if (found === null) {
      throw new UserError("not-found", `chart ${name} ${version} is not in ${repo}`);
    }
    const url = httpUrl(found.url, repository);
    const named =
      `Cannot download chart ${name} ${version}: the index of ${base} names "${found.url}", which`;
    if (url === null) {
      throw new UserError("validation", `${named} is no HTTP address`, {
        hint: "Charts of a registry are named by repo: oci://HOST/PATH",
      });
    }
    if (isDowngrade(repository, url)) {
      throw new UserError("network", `${named} leads from HTTPS to plain HTTP`);
    }
    const bytes = await this.#get(url, repository, MAX_CHART_BYTES);
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

  async #readIndex(repository: URL): Promise<unknown> {
    const url = new URL("index.yaml", repository);
    const text = new TextDecoder().decode(await this.#get(url, repository, MAX_INDEX_BYTES));
    return readYamlDocuments(text, `the index of ${repository}`)[0];
  }

  /** Asks again, as registries are asked: when it breaks off, stands still, or is too busy. */
  async #get(url: URL, repository: URL, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    for (let failures = 1;; failures++) {
      try {
        return await this.#try(url, repository, limitBytes);
      } catch (error) {
        const isLast = failures > this.#parts.retries;
        if (!isLast && isWorthRetry(error, this.#hasAnswered)) {
          const askedMs = error instanceof Unfinished ? error.askedMs : null;
          await waitForRetry({ failures, action: `read ${url}`, askedMs }, this.#parts);
          continue;
        }
        if (error instanceof Unfinished && error.final !== null) throw error.final;
        if (error instanceof AnswerTooLarge) {
          throw new UserError("integrity", `${url} is larger than ${limitBytes} bytes`);
        }
        if (!(error instanceof TransportError)) throw error;
        throw new UserError("network", `Cannot read ${url}: ${error.message}`, { cause: error });
      }
    }
  }

  async #try(url: URL, repository: URL, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    let at = url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const exchange = await this.#exchange(at, repository);
      const location = exchange.headers.get("location");
      if (exchange.status === 200) return await exchange.read(limitBytes);
      await exchange.discard();
      if (exchange.status < 300 || exchange.status >= 400 || location === null) {
        const { status, headers } = exchange;
        const refusal = refused(at, status, at.origin === repository.origin);
        const askedMs = retryAfterMs(headers.get("retry-after"), this.#parts.clock.now());
        if (!isTransientStatus(status) || askedMs === "too-long") throw refusal;
        throw new Unfinished(refusal.message, refusal, askedMs);
      }
      const next = httpUrl(location, at);
      if (next === null || isDowngrade(at, next)) {
        throw new UserError(
          "network",
          `Cannot read ${url}: it redirects to "${location}", which is not safe`,
        );
      }
      at = next;
    }
    throw new UserError("network", `Cannot read ${url}: it redirects too often`);
  }

  /** The login is for the origin of the repository: an index may name any place. */
  async #exchange(url: URL, repository: URL): Promise<Exchange> {
    const { openTransport, trust, credentials, idleMs = IDLE_MS } = this.#parts;
    const transport = await (this.#transport ??= openTransport(trust));
    const known = url.origin === repository.origin
      ? await credentials.find(repository.host, repository.pathname.replace(/^\/+|\/+$/g, ""))
      : null;
    const headers: Record<string, string> = known?.kind === "password"
      ? { authorization: basicHeader(known.username, known.password.reveal()) }
      : {};
    const idle = new IdleLimit(idleMs);
    const signal = AbortSignal.any([this.#parts.signal, idle.signal]);
    try {
      const response = await transport.send({ method: "GET", url, headers, signal });
      this.#hasAnswered = true;
      idle.touch();
      return new Exchange(response, { url, idle, signal, onEnd: () => {} });
    } catch (error) {
      idle.stop();
      throw error;
    }
  }
}

/** Null for what is no address, or not one of HTTP. */
function httpUrl(text: string, base?: URL): URL | null {
  if (!URL.canParse(text, base)) return null;
  const url = new URL(text, base);
  return url.protocol === "https:" || url.protocol === "http:" ? url : null;
}

function isDowngrade(from: URL, to: URL): boolean {
  return from.protocol === "https:" && to.protocol !== "https:";
}

function refused(url: URL, status: number, isRepository: boolean): UserError {
  if (status === 401 || status === 403) {
    return new UserError(
      "credentials",
      `${url.host} answers ${status} to ${url.pathname}`,
      isRepository ? { hint: `Run palette content registry-login --registry ${url.host}` } : {},
    );
  }
  return new UserError(
    status === 404 ? "not-found" : "network",
    `${url.host} answers ${status} to ${url.pathname}`,
    isTransientStatus(status) ? { hint: "Wait, and run it again" } : {},
  );
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
