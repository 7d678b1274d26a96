/** A registry of ours that can be pushed to, over a layout in a temporary folder. */

import { destinationOf } from "../../lib/content/destination.ts";
import { itemsOf } from "../../lib/content/bundle.ts";
import { Layout } from "../../lib/oci/layout.ts";
import type { Descriptor } from "../../lib/oci/descriptor.ts";
import { answerRegistry } from "../../lib/oci/server/answer_registry.ts";
import { LayoutRegistry } from "../../lib/oci/server/layout_registry.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { serveHttp } from "../../lib/runtime/http_server.ts";

export interface PushRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  host: string;
  /** Where it keeps everything. */
  folder: string;
  /** `PUT /v2/... 201`, in their order. */
  requests: string[];
  warnings: string[];
}

/** @param kept Folder of an earlier one; it stays when this one ends. */
export async function startPushRegistry(kept?: string): Promise<PushRegistry> {
  const folder = kept ?? await Deno.makeTempDir({ prefix: "palette-registry-" });
  const [requests, warnings]: [string[], string[]] = [[], []];
  const crypto = systemCrypto();
  const parts = { files: systemFiles(), crypto, warn: (text: string) => void warnings.push(text) };
  const registry = await LayoutRegistry.open(await Layout.make(folder, parts), {
    ...parts,
    async nameItem(descriptor: Descriptor) {
      const [item] = itemsOf([descriptor]);
      const place = item === undefined ? null : await destinationOf(item, "bundle", crypto);
      return place === null ? null : { ...place, descriptor };
    },
  });
  const answer = answerRegistry({
    content: registry,
    target: registry,
    basePath: "bundle",
    ...parts,
  });
  const server = await serveHttp({ hostname: "127.0.0.1", port: 0 }, async (request) => {
    const response = await answer(request);
    const { pathname, search } = new URL(request.url);
    requests.push(`${request.method} ${pathname}${search} ${response.status}`);
    return response;
  });
  return {
    host: `127.0.0.1:${server.port}`,
    folder,
    requests,
    warnings,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await registry.uploads.clear();
      if (kept === undefined) await Deno.remove(folder, { recursive: true });
    },
  };
}
