import { UserError } from "../../errors.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import type { Descriptor } from "../descriptor.ts";
import { isDigest } from "../digest.ts";
import { type Manifest, parseManifest } from "../manifest.ts";
import { MANIFEST_TYPES } from "../media_types.ts";
import { MAX_MANIFEST_BYTES } from "../verified.ts";
import { type Answer, type Call, type Connection, notRegistry } from "./connection.ts";
import { AnswerTooLarge, type Exchange } from "./exchange.ts";
import { RegistryError } from "./registry_error.ts";
import { repositoryScope } from "./scopes.ts";

/** A manifest of a repository. */
export interface ManifestPlace {
  connection: Connection;
  repository: string;
  /** Tag or digest. */
  selector: string;
}

const ACCEPT = MANIFEST_TYPES.join(", ");

/**
 * Byte-exact, its digest checked.
 * @throws {RegistryError} `not-found`
 * @throws {UserError} `integrity`
 */
export async function getManifest(place: ManifestPlace, crypto: Crypto): Promise<Manifest> {
  const { selector } = place;
  const what = nameOf(place);
  const action = `read ${what}`;
  const { exchange, bytes } = await read(place, action);
  const type = mediaTypeOf(exchange);
  if (/docker\.distribution\.manifest\.v1\+/.test(type)) {
    throw new UserError("validation", `Cannot ${action}: it has the retired format of schema 1`, {
      hint: "Push it again with a container tool of today",
    });
  }
  // No manifest begins like this, and no parser's words would help.
  if (/^text\/html$/i.test(type) || /^\s*</.test(new TextDecoder().decode(bytes.subarray(0, 64)))) {
    throw new UserError("integrity", `Cannot use the manifest of ${what}: it is a web page`, {
      hint: "Check the address; a proxy or a login page may stand between",
    });
  }
  const manifest = await parseManifest(bytes, type, what, crypto);
  const announced = exchange.headers.get("docker-content-digest");
  const wanted = isDigest(selector) ? selector : announced ?? "";
  if (isDigest(wanted) && manifest.descriptor.digest !== wanted) {
    throw new UserError(
      "integrity",
      `Cannot ${action}: its bytes have digest ${manifest.descriptor.digest}, not ${wanted}`,
      { hint: "Run the command again; if it stays, the registry has a damaged copy" },
    );
  }
  return manifest;
}

/** What a tag or digest points at; null when it is not there. */
export async function headManifest(
  place: ManifestPlace,
  crypto: Crypto,
): Promise<Descriptor | null> {
  const exchange = await place.connection.call(callOf(place, "HEAD", [200, 404, 405]));
  await exchange.discard();
  if (exchange.status === 404) return null;
  const { headers } = exchange;
  const digest = headers.get("docker-content-digest") ?? place.selector;
  const size = headers.get("content-length");
  const isWhole = isDigest(digest) && size !== null && /^[1-9]\d*$/.test(size);
  if (exchange.status === 200 && isWhole) {
    return { mediaType: mediaTypeOf(exchange), digest, size: Number(size) };
  }
  try {
    // Some registries leave out what a descriptor needs.
    return (await getManifest(place, crypto)).descriptor;
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return null;
    throw error;
  }
}

/**
 * Stores a manifest as it is.
 * @returns Whether the registry keeps the list of what is attached to its subject itself.
 */
export async function putManifest(
  { connection, repository, selector }: ManifestPlace,
  { descriptor, bytes }: Pick<Manifest, "descriptor" | "bytes">,
): Promise<{ listsReferrers: boolean }> {
  const action = `push ${nameOf({ connection, repository, selector })}`;
  const exchange = await connection.call({
    method: "PUT",
    url: `/v2/${repository}/manifests/${selector}`,
    scopes: [repositoryScope(repository, "push")],
    headers: { "content-type": descriptor.mediaType },
    body: bytes,
    accepts: [200, 201, 202],
    action,
  });
  await exchange.discard();
  const digest = exchange.headers.get("docker-content-digest");
  if (digest !== null && digest !== descriptor.digest) {
    throw notRegistry(connection.host, action, `it stored ${digest}, not ${descriptor.digest}`);
  }
  return { listsReferrers: exchange.headers.get("oci-subject") !== null };
}

async function read(place: ManifestPlace, action: string): Promise<Answer> {
  try {
    return await place.connection.read(callOf(place, "GET", [200]), MAX_MANIFEST_BYTES);
  } catch (error) {
    if (!(error instanceof AnswerTooLarge)) throw error;
    throw new UserError("integrity", `Cannot ${action}: it is larger than 4 MiB`);
  }
}

function callOf(place: ManifestPlace, method: "GET" | "HEAD", accepts: number[]): Call {
  const { repository, selector } = place;
  return {
    method,
    url: `/v2/${repository}/manifests/${selector}`,
    scopes: [repositoryScope(repository, "pull")],
    headers: { accept: ACCEPT },
    accepts,
    action: `read ${nameOf(place)}`,
  };
}

function nameOf({ connection, repository, selector }: ManifestPlace): string {
  return `${connection.host}/${repository}${isDigest(selector) ? "@" : ":"}${selector}`;
}

function mediaTypeOf({ headers }: Exchange): string {
  return headers.get("content-type")?.split(";")[0]?.trim() ?? "";
}
