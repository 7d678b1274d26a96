/** The client against a real registry. */

import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { OCI_INDEX } from "../../../lib/oci/media_types.ts";
import { RegistryError } from "../../../lib/oci/registry/registry_error.ts";
import { certificates } from "../../support/certificates.ts";
import { CuttingProxy } from "../../support/cutting_proxy.ts";
import { REGISTRY_LOGIN, startDockerRegistry } from "../../support/docker_registry.ts";
import { hasProgram } from "../../support/programs.ts";
import {
  artifactOf,
  blobOf,
  EMPTY,
  noise,
  opening,
  readAll,
  testRegistry,
} from "../../support/registry_client.ts";

const MIB = 1024 * 1024;
const ignore = !hasProgram("docker-registry");
const NEEDS = "(needs docker-registry)";

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name: `${name} ${NEEDS}`, ignore, fn });
}

test("a registry stores blobs and manifests and gives them back", async () => {
  await using registry = await startDockerRegistry();
  using test = testRegistry(registry.host);
  const { client } = test;
  const bytes = noise(300_000);
  const layer = await blobOf(bytes);
  assertEquals(await client.headBlob("a/b", layer.digest), null);
  assertEquals(await client.putBlob("a/b", layer, opening(bytes)), "uploaded");
  assertEquals(await client.putBlob("a/b", layer, opening(bytes)), "there");
  assertEquals(await client.headBlob("a/b", layer.digest), bytes.length);
  assertEquals(await client.source("a/b").has(layer), true);
  assertEquals(await client.source("a/b").has({ ...layer, size: 1 }), false);
  assertEquals(await readAll(await client.source("a/b").open(layer)), bytes);
  assertEquals(await readAll(await client.source("a/b").open(layer, 1000)), bytes.subarray(1000));
  const mounted = await client.putBlob("c", layer, opening(bytes), { mountFrom: ["c", "a/b"] });
  assertEquals(mounted, "mounted");

  const manifest = await artifactOf(layer);
  const [config] = manifest.blobs;
  if (config === undefined) throw new Error("no config");
  await client.putBlob("a/b", config, opening(EMPTY));
  assertEquals(await client.headManifest("a/b", "v1"), null);
  await client.putManifest("a/b", "v1", manifest);
  await client.putManifest("a/b", "v0", manifest);
  assertEquals(await client.headManifest("a/b", "v1"), manifest.descriptor);
  assertEquals((await client.getManifest("a/b", "v1")).bytes, manifest.bytes);
  assertEquals(
    (await client.getManifest("a/b", manifest.descriptor.digest)).descriptor,
    manifest.descriptor,
  );
  assertEquals(await client.listTags("a/b"), ["v0", "v1"]);
  assertEquals(await client.catalog(), ["a/b", "c"]);
});

test("what is not there is told with its name", async () => {
  await using registry = await startDockerRegistry();
  using test = testRegistry(registry.host);
  const { client } = test;
  const layer = await blobOf(noise(10));
  const error = await assertRejects(() => client.getManifest("a/b", "v1"), RegistryError);
  assertEquals([error.code, error.status, error.problem?.code, error.message], [
    "not-found",
    404,
    "MANIFEST_UNKNOWN",
    `Cannot read ${registry.host}/a/b:v1: ${registry.host} does not have it (manifest unknown)`,
  ]);
  const blob = await assertRejects(() => client.source("a/b").open(layer), RegistryError);
  assertEquals(blob.code, "not-found");
  const tags = await assertRejects(() => client.listTags("a/b"), RegistryError);
  assertEquals(tags.problem?.code, "NAME_UNKNOWN");
});

test("what is attached is listed by tag where the registry has no API for it", async () => {
  await using registry = await startDockerRegistry();
  using test = testRegistry(registry.host);
  const { client } = test;
  const layer = await blobOf(EMPTY);
  await client.putBlob("a", layer, opening(EMPTY));
  const image = await artifactOf(layer);
  await client.putManifest("a", "v1", image);
  const { digest } = image.descriptor;
  assertEquals(await client.referrers("a", digest), []);
  const subject = { subject: image.descriptor };
  const attached = await Promise.all([
    artifactOf(layer, { ...subject, artifactType: "text/a", annotations: { k: "v" } }),
    artifactOf(layer, { ...subject, artifactType: "text/b" }),
  ]);
  await Promise.all(attached.map((item) => client.putManifest("a", item.descriptor.digest, item)));
  const found = await client.referrers("a", digest);
  assertEquals(found.map(({ artifactType }) => artifactType).sort(), ["text/a", "text/b"]);
  assertEquals(
    found.map((item) => item.digest).sort(),
    attached.map((item) => item.descriptor.digest).sort(),
  );
  assertEquals(found.find(({ artifactType }) => artifactType === "text/a")?.annotations, {
    k: "v",
  });
  const tag = digest.replace(":", "-");
  assertEquals((await client.getManifest("a", tag)).descriptor.mediaType, OCI_INDEX);
  await client.putManifest("a", `${tag}.sig`, image);
  assertEquals(await client.cosignTags("a", digest), [
    { tag: `${tag}.sig`, descriptor: image.descriptor },
  ]);
});

test("a large blob goes up in parts, and survives connections that break", async () => {
  await using registry = await startDockerRegistry();
  await using proxy = new CuttingProxy(registry.host);
  using test = testRegistry(proxy.host, { chunkBytes: 4 * MIB });
  const { client } = test;
  const bytes = noise(14 * MIB + 17);
  const layer = await blobOf(bytes);
  proxy.cuts.push({ up: 6 * MIB });
  assertEquals(await client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(proxy.broken, 1);
  // Three breaks on the way down: none costs what had arrived.
  proxy.bytes.down = 0;
  proxy.cuts.push({ down: 3 * MIB }, { down: 3 * MIB }, { down: 3 * MIB });
  assertEquals(await readAll(await client.source("a").open(layer)), bytes);
  assertEquals(proxy.broken, 4);
  assertEquals(proxy.bytes.down < bytes.length + 3 * MIB, true, `${proxy.bytes.down}`);
});

test("a small blob is sent again when the connection breaks", async () => {
  await using registry = await startDockerRegistry();
  await using proxy = new CuttingProxy(registry.host);
  using test = testRegistry(proxy.host);
  const bytes = noise(2 * MIB);
  const layer = await blobOf(bytes);
  proxy.cuts.push({ up: MIB }, { up: MIB });
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(proxy.broken, 2);
  assertEquals(test.clock.sleeps.length >= 2, true);
});

Deno.test({
  name: `a registry with TLS and a login (needs docker-registry, openssl)`,
  ignore: ignore || !hasProgram("openssl"),
  async fn() {
    const all = await certificates();
    await using registry = await startDockerRegistry({ tls: all.server, login: REGISTRY_LOGIN });
    const bytes = noise(100);
    const layer = await blobOf(bytes);
    const trusted = { caCertificates: [all.ca.cert] };
    {
      using test = testRegistry(registry.host, { ...trusted, login: REGISTRY_LOGIN });
      assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
      assertEquals(await readAll(await test.client.source("a").open(layer)), bytes);
      await test.client.checkLogin();
    }
    {
      using test = testRegistry(registry.host, { insecure: true, login: REGISTRY_LOGIN });
      assertEquals(await test.client.putBlob("b", layer, opening(bytes)), "uploaded");
      assertEquals(await readAll(await test.client.source("b").open(layer)), bytes);
    }
    const failures: [Parameters<typeof testRegistry>[1], string, string][] = [
      [
        trusted,
        "credentials",
        `Cannot log in to ${registry.host}: ${registry.host} wants credentials`,
      ],
      [
        { ...trusted, login: { ...REGISTRY_LOGIN, password: "wrong" } },
        "credentials",
        `Cannot log in to ${registry.host}: ${registry.host} rejected the credentials`,
      ],
      [
        { login: REGISTRY_LOGIN },
        "tls",
        `Certificate of ${registry.host} not trusted: unknown issuer`,
      ],
    ];
    for (const [options, code, message] of failures) {
      using test = testRegistry(registry.host, options);
      const error = await assertRejects(() => test.client.checkLogin(), UserError);
      assertEquals([error.code, error.message], [code, message]);
    }
  },
});
