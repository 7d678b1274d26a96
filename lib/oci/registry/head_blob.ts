import type { Digest } from "../digest.ts";
import type { Connection } from "./connection.ts";
import { RegistryError } from "./registry_error.ts";
import { repositoryScope } from "./scopes.ts";

/** Bytes of a blob; null when it is not there. */
export async function headBlob(
  connection: Connection,
  repository: string,
  digest: Digest,
): Promise<number | null> {
  const call = {
    url: `/v2/${repository}/blobs/${digest}`,
    scopes: [repositoryScope(repository, "pull")],
    action: `look for blob ${digest} in ${connection.host}/${repository}`,
  };
  try {
    const exchange = await connection.call({ ...call, method: "HEAD", accepts: [200, 404] });
    await exchange.discard();
    if (exchange.status === 404) return null;
    const length = exchange.headers.get("content-length");
    if (length !== null && /^\d+$/.test(length)) return Number(length);
  } catch (error) {
    // Where blobs lie elsewhere, an address that is signed for GET refuses HEAD.
    if (!(error instanceof RegistryError) || ![403, 405].includes(error.status ?? 0)) throw error;
  }
  const exchange = await connection.call({
    ...call,
    method: "GET",
    headers: { range: "bytes=0-0" },
    accepts: [200, 206, 404, 416],
  });
  await exchange.discard();
  if (exchange.status === 404) return null;
  const text = exchange.status === 200
    ? exchange.headers.get("content-length")
    : /\/(\d+)$/.exec(exchange.headers.get("content-range") ?? "")?.[1] ?? null;
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
