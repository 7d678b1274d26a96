import { assertEquals } from "@std/assert";
import { findAttached } from "../../../lib/content/transfer/attached.ts";
import { RemoteContent } from "../../../lib/content/transfer/remote_content.ts";
import { artifactOf, blobOf, EMPTY, opening, testRegistry } from "../../support/registry_client.ts";
import { problem, StubRegistry } from "../../support/stub_registry.ts";

Deno.test("findAttached() leaves out a referrer that is listed and gone", async () => {
  await using stub = new StubRegistry();
  using test = testRegistry(stub.host);
  const { client: registry } = test;
  const layer = await blobOf(EMPTY);
  await registry.putBlob("a", layer, opening(EMPTY));
  const image = await artifactOf(layer);
  await registry.putManifest("a", "1", image);
  const { digest, mediaType, size } = image.descriptor;
  const made = await Promise.all(
    ["x/gone", "x/kept"].map((artifactType) =>
      artifactOf(layer, { artifactType, subject: { digest, mediaType, size } })
    ),
  );
  const [gone, kept] = made.map(({ descriptor }) => descriptor.digest);
  for (const one of made) await registry.putManifest("a", one.descriptor.digest, one);
  stub.intercepts.push(({ path }) =>
    path.endsWith(`/manifests/${gone}`) ? problem(404, "MANIFEST_UNKNOWN") : null
  );
  const content = new RemoteContent({ open: () => registry, close: () => {} });
  const place = { host: stub.host, repository: "a" };
  const found = await findAttached(registry, place, digest, content);
  assertEquals(found.map(({ descriptor }) => descriptor.digest), [kept]);
});
