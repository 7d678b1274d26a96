/** What `content verify` finds out about a bundle in a registry besides its blobs. */

import { assertEquals } from "@std/assert";
import { signManifest } from "../../../lib/content/signing/image_signature.ts";
import { readSigningKey } from "../../../lib/content/signing/signing_key.ts";
import { hostPath } from "../../../lib/oci/host_path.ts";
import { type Manifest, parseManifest } from "../../../lib/oci/manifest.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { BuildSources, ONLY, WEB } from "../../support/build_sources.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { makeKeys } from "../../support/openssl.ts";
import { hasProgram } from "../../support/programs.ts";
import { startPushRegistry } from "../../support/push_registry.ts";
import { testRegistry } from "../../support/registry_client.ts";

const crypto = systemCrypto();

Deno.test({
  name: "content verify tells tags in a registry that point to other content by now, or are gone " +
    "(needs docker-registry)",
  ignore: !hasProgram("docker-registry"),
  async fn() {
    await using sources = await BuildSources.make();
    await using target = await startDockerRegistry();
    const { it: { home }, registry } = sources;
    const place = `${target.host}/base`;
    const pack = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
    const built = await sources.it.run([
      ...["--packs", pack, "-n", "edge-1", "--build-type", "remote", "-r", place],
    ]);
    assertEquals(built.status, 0, built.stderr);
    const verify = () => home.run(["content", "verify", place, "--format", "json"]);
    assertEquals((await verify()).status, 0);

    using test = testRegistry(target.host);
    const repositoryOf = (name: string) => `base/${hostPath(registry.host)}/${name}`;
    const [web, only] = [repositoryOf(WEB), repositoryOf(ONLY)];
    const [child] = (await test.client.getManifest(web, "1")).manifests;
    if (child === undefined) throw new Error("the image is of one architecture");
    await test.client.putManifest(web, "1", await test.client.getManifest(web, child.digest));
    await Deno.remove(
      `${target.storage}/docker/registry/v2/repositories/${only}/_manifests/tags/2`,
      { recursive: true },
    );
    const result = await verify();
    const problems = JSON.parse(result.stdout).problems as { what: string }[];
    assertEquals([result.status, problems.sort((a, b) => a.what < b.what ? -1 : 1)], [2, [{
      what: `${target.host}/${only}:2`,
      problem: "there is no such tag",
      items: [`${registry.host}/${ONLY}:2`],
    }, {
      what: `${target.host}/${web}:1`,
      problem: `the tag points to ${child.digest}, not to what the bundle has`,
      items: [`${registry.host}/${WEB}:1`],
    }]]);
  },
});

Deno.test({
  name:
    "content verify --key tells what a signed definition names without a digest (needs openssl)",
  ignore: !hasProgram("openssl"),
  async fn() {
    await using keys = await makeKeys();
    await using sources = await BuildSources.make();
    await using target = await startPushRegistry();
    const { it: { home }, registry } = sources;
    const place = `${target.host}/base`;
    const pack = await sources.pack([`${WEB}:1`]);
    const built = await sources.it.run([
      ...["--packs", pack, "-n", "edge-1", "--build-type", "remote", "-r", place],
    ]);
    assertEquals(built.status, 0, built.stderr);
    using test = testRegistry(target.host);
    const repository = "base/bundle-definition";
    const put = (bytes: Uint8Array<ArrayBuffer>, descriptor: Manifest["descriptor"]) =>
      test.client.putBlob(
        repository,
        descriptor,
        (offset) => Promise.resolve(ReadableStream.from([bytes.subarray(offset)])),
      );
    const old = await test.client.getManifest(repository, "edge-1");
    const [, layer] = old.blobs;
    if (layer === undefined) throw new Error("the definition has no layer");
    const stream = await test.client.source(repository).open(layer);
    const text = (await new Response(stream).text()).replace(/^ *digest: .*\n/gm, "");
    const bytes = new TextEncoder().encode(text);
    const { createHash } = await import("node:crypto");
    const changed = JSON.parse(new TextDecoder().decode(old.bytes));
    const hex = createHash("sha256").update(bytes).digest("hex");
    changed.layers[0] = { ...changed.layers[0], digest: `sha256:${hex}`, size: bytes.length };
    await put(bytes, changed.layers[0]);
    const manifest = await parseManifest(
      new TextEncoder().encode(JSON.stringify(changed)),
      old.descriptor.mediaType,
      "the definition",
      crypto,
    );
    await test.client.putManifest(repository, "edge-1", manifest);
    const key = await readSigningKey(keys.at("ec.pem"), "--private-key", {
      files: systemFiles(),
      crypto,
      passphrase: () => Promise.reject(new Error("not encrypted")),
    });
    for (const each of await signManifest(manifest.descriptor, place, key, crypto)) {
      for (const blob of each.blobs) await put(blob.bytes, blob.descriptor);
      const selector = each.tag ?? each.manifest.descriptor.digest;
      await test.client.putManifest(repository, selector, each.manifest);
    }
    const verify = (...flags: string[]) =>
      home.run(["content", "verify", place, "--format", "json", ...flags]);
    assertEquals((await verify()).status, 0);
    const signed = await verify("--key", keys.at("ec.pub"));
    const problem = "the definition names no digest: the signature does not cover it";
    const problems = JSON.parse(signed.stdout).problems as Record<string, unknown>[];
    assertEquals(
      [
        signed.status,
        JSON.parse(signed.stdout).signature.fits,
        problems.map((it) => it["problem"]),
      ],
      [2, true, problems.map(() => problem)],
    );
    assertEquals(
      problems.some(({ what }) => what === `${registry.host}/${WEB}:1`),
      true,
    );
  },
});
