/** What a bundle can hold, pushed to a real registry and found again by its definition alone. */

import { assertEquals } from "@std/assert";
import {
  type BundleDefinition,
  emptyDefinition,
} from "../../../lib/content/definition/bundle_definition.ts";
import { addChart } from "../../../lib/content/transfer/artifacts.ts";
import { assembleBundle } from "../../../lib/content/transfer/assemble_bundle.ts";
import { chartRef } from "../../../lib/content/definition/item_refs.ts";
import { pushBundle } from "../../../lib/content/transfer/push_bundle.ts";
import { openRemoteBundle } from "../../../lib/content/transfer/remote_bundle.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { hasProgram } from "../../support/programs.ts";
import { artifactOf, blobOf, EMPTY, opening, testRegistry } from "../../support/registry_client.ts";

const crypto = systemCrypto();

function carried(fileName: string) {
  const bytes = new TextEncoder().encode(fileName);
  return { fileName, open: () => Promise.resolve(ReadableStream.from([bytes])) };
}

function definitionOf(host: string): BundleDefinition {
  const entry = { digest: null, from: [], annotations: { app: "shop" }, extras: {} };
  return {
    ...emptyDefinition("edge-1"),
    images: [{ ...entry, image: "example.com/app:1", source: `${host}/src/app:1`, type: "image" }],
    charts: [{ ...entry, repo: "https://charts.example.com/x", name: "web", version: "1.0.0+a" }],
    packs: [{
      ...entry,
      name: "nginx",
      version: "1.2.3",
      registryUid: "",
      source: "",
      path: "",
    }],
    rawFiles: [{ ...entry, path: "manifests/a/B c.yaml", size: null, content: "kind: Pod\n" }],
  };
}

for (const base of ["", "base", "base/spectro-packs"]) {
  Deno.test({
    name: `openRemoteBundle() finds all that pushBundle() brought to "${base}" ` +
      "(needs docker-registry)",
    ignore: !hasProgram("docker-registry"),
    async fn() {
      await using server = await startDockerRegistry();
      using tested = testRegistry(server.host);
      const { client: registry } = tested;
      const layer = await blobOf(EMPTY);
      await registry.putBlob("src/app", layer, opening(EMPTY));
      await registry.putManifest("src/app", "1", await artifactOf(layer));
      const registries = { open: () => registry, close: () => {} };
      const bundle = await assembleBundle(definitionOf(server.host), {
        architecture: null,
        skipsMissingArchitecture: false,
        packArchives: new Map([["spectro-packs/archive/nginx:1.2.3", carried("nginx.tar.gz")]]),
        clusterDefinition: carried("Edge.tgz"),
        customUi: carried("ui.tar"),
      }, {
        registries,
        crypto,
        jobs: 4,
        fetchChart: (chart, made) => addChart(carried("web.tgz"), "{}", chartRef(chart), made),
        onWarning: () => {},
      });
      await pushBundle(bundle, bundle.items, {
        registry,
        base,
        jobs: 4,
        crypto,
        keepsTags: false,
        isDryRun: false,
        onBytes: () => {},
        onWarning: () => {},
        signal: new AbortController().signal,
      });
      const name = { host: server.host, base, name: "edge-1" };
      const found = await openRemoteBundle(name, { registries, crypto, jobs: 4 });
      assertEquals(found.items, bundle.items);
      assertEquals(found.annotations, bundle.annotations);
    },
  });
}
