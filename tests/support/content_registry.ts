/** Our registry server on this machine, over content in memory. */

import { answerRegistry } from "../../lib/oci/server/answer_registry.ts";
import { ItemCatalog } from "../../lib/oci/server/item_catalog.ts";
import type { ServedItem } from "../../lib/oci/server/served_content.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { serveHttp } from "../../lib/runtime/http_server.ts";
import type { Certificate } from "./certificates.ts";
import type { MemoryContent } from "./memory_content.ts";

export interface ContentRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  host: string;
  /** `GET /v2/... 200`, in their order. */
  requests: string[];
  warnings: string[];
}

export async function startContentRegistry(
  content: MemoryContent,
  items: ServedItem[],
  certificate?: Certificate,
): Promise<ContentRegistry> {
  const [requests, warnings]: [string[], string[]] = [[], []];
  const parts = { crypto: systemCrypto(), warn: (text: string) => void warnings.push(text) };
  const answer = answerRegistry({
    content: new ItemCatalog(items, { ...parts, source: content }),
    basePath: "bundle",
    ...parts,
  });
  const server = await serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    ...(certificate === undefined
      ? {}
      : { tls: { certificate: certificate.cert, key: certificate.key } }),
  }, async (request) => {
    const response = await answer(request);
    const { pathname, search } = new URL(request.url);
    requests.push(`${request.method} ${pathname}${search} ${response.status}`);
    return response;
  });
  return {
    host: `127.0.0.1:${server.port}`,
    requests,
    warnings,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
