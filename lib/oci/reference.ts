import { UserError } from "../errors.ts";
import { type Digest, hexOf, isDigest } from "./digest.ts";

/** An image or artifact in a registry, normalised: `docker.io/library/nginx:latest` for `nginx`. */
export interface OciReference {
  /** `docker.io`, `127.0.0.1:5000`. */
  host: string;
  /** `library/nginx`. */
  repository: string;
  /** Null when only a digest is given. */
  tag: string | null;
  /** Decides the content when it is given. */
  digest: Digest | null;
}

const DEFAULT_HOST = "docker.io";
const DEFAULT_TAG = "latest";
/** Grammar of the OCI distribution spec, "Pulling manifests". */
const REPOSITORY = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const HOST =
  /^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:\d{1,5})?$|^\[[0-9A-Fa-f:]+\](:\d{1,5})?$/;

const MAX_PORT = 65535;

/** Whether a text can be a tag, and so the name of a bundle. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Whether a text can name a repository, host and tag aside. */
export function isRepository(text: string): boolean {
  return REPOSITORY.test(text);
}

/** What is wrong with a text as a host with an optional port; null for nothing. */
export function problemOfHost(text: string): string | null {
  if (!HOST.test(text)) return `"${text}" is no host`;
  const port = /:(\d+)$/.exec(text)?.[1];
  const isPort = port === undefined || (Number(port) > 0 && Number(port) <= MAX_PORT);
  return isPort ? null : `${port} is no port`;
}

/**
 * Reads a reference as container tools do.
 * @throws {UserError} `validation`
 */
export function parseReference(text: string): OciReference {
  const refuse = (reason: string) =>
    new UserError("validation", `Cannot use "${text}" as an image reference: ${reason}`, {
      hint: "Write it as HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST",
    });
  const [named = "", digest, ...more] = text.replace(/^(oci|docker):\/\//, "").split("@");
  if (more.length > 0) throw refuse("it has two digests");
  if (digest !== undefined && !isDigest(digest)) throw refuse("its digest is no sha256 digest");
  const slash = named.lastIndexOf("/");
  const colon = named.indexOf(":", slash + 1);
  const path = colon === -1 ? named : named.slice(0, colon);
  const tag = colon === -1 ? null : named.slice(colon + 1);
  if (tag !== null && !TAG.test(tag)) throw refuse(`"${tag}" is no tag`);
  const { host, repository } = splitHost(path);
  const problem = problemOfHost(host);
  if (problem !== null) throw refuse(problem);
  if (!REPOSITORY.test(repository)) throw refuse(`"${repository}" is no repository`);
  return {
    host,
    repository: host === DEFAULT_HOST && !repository.includes("/")
      ? `library/${repository}`
      : repository,
    tag: tag ?? (digest === undefined ? DEFAULT_TAG : null),
    digest: digest ?? null,
  };
}

/** The first part is a host when it looks like one: with a dot or a colon, or `localhost`. */
function splitHost(path: string): { host: string; repository: string } {
  const slash = path.indexOf("/");
  const first = slash === -1 ? "" : path.slice(0, slash);
  if (!/[.:]/.test(first) && first !== "localhost") {
    return { host: DEFAULT_HOST, repository: path };
  }
  const host = /^(index|registry-1)\.docker\.io$/.test(first) ? DEFAULT_HOST : first;
  return { host, repository: path.slice(slash + 1) };
}

/** The full form, which is the name of an item in a bundle. */
export function formatReference({ host, repository, tag, digest }: OciReference): string {
  return `${host}/${repository}${tag === null ? "" : `:${tag}`}${
    digest === null ? "" : `@${digest}`
  }`;
}

/** What a manifest is asked for by. */
export function selectorOf({ tag, digest }: OciReference): string {
  return digest ?? tag ?? DEFAULT_TAG;
}

/** The tag at a destination; one that has only a digest gets one that is no referrers tag. */
export function destinationTag({ tag, digest }: OciReference): string {
  if (tag !== null) return tag;
  return digest === null ? DEFAULT_TAG : `pinned-sha256-${hexOf(digest).slice(0, 32)}`;
}
