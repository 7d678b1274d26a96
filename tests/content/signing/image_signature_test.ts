import { assertEquals } from "@std/assert";
import {
  type ManifestSignature,
  signManifest,
} from "../../../lib/content/signing/image_signature.ts";
import { readSigningKey } from "../../../lib/content/signing/signing_key.ts";
import type { Descriptor } from "../../../lib/oci/descriptor.ts";
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from "../../../lib/oci/media_types.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { makeKeys, opensslVerdict } from "../../support/openssl.ts";
import { hasProgram } from "../../support/programs.ts";
import { sha256 } from "../../support/sample_bundle.ts";

const crypto = systemCrypto();
const DIGEST = sha256(new TextEncoder().encode("a manifest"));
const SUBJECT: Descriptor = { mediaType: OCI_MANIFEST, digest: DIGEST, size: 10 };
const REPOSITORY = "example.com/bundle/bundle-definition";

async function signed(subject: Descriptor, repository: string, keyFile: string) {
  const key = await readSigningKey(keyFile, "--private-key", {
    files: systemFiles(),
    crypto,
    passphrase: () => Promise.reject(new Error("not encrypted")),
  });
  const [attached, tagged] = await signManifest(subject, repository, key, crypto);
  if (attached === undefined || tagged === undefined) throw new Error("a form is missing");
  return { attached, tagged };
}

function parsed({ bytes }: { bytes: Uint8Array }) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

for (const pair of ["rsa", "ec"]) {
  Deno.test({
    name: `a manifest signed with ${pair}.pem verifies with OpenSSL in both forms (needs openssl)`,
    ignore: !hasProgram("openssl"),
    async fn() {
      await using keys = await makeKeys();
      const { attached, tagged } = await signed(SUBJECT, REPOSITORY, keys.at(`${pair}.pem`));
      const verdict = async (content: Uint8Array, signature: Uint8Array) => {
        const [file, signed] = [keys.at("content"), keys.at("signature")];
        await Deno.writeFile(file, content);
        await Deno.writeFile(signed, signature);
        return await opensslVerdict({ key: keys.at(`${pair}.pub`), signature: signed, file });
      };
      assertEquals(tagged.tag, `${DIGEST.replace(":", "-")}.sig`);
      const [, payload] = tagged.blobs;
      if (payload === undefined) throw new Error("no payload");
      assertEquals(parsed(payload), {
        critical: {
          identity: { "docker-reference": REPOSITORY },
          image: { "docker-manifest-digest": DIGEST },
          type: "cosign container image signature",
        },
        optional: null,
      });
      const [layer] = parsed(tagged.manifest).layers;
      assertEquals([layer.mediaType, layer.digest], [
        "application/vnd.dev.cosign.simplesigning.v1+json",
        sha256(payload.bytes),
      ]);
      const old = bytesOf(layer.annotations["dev.cosignproject.cosign/signature"]);
      assertEquals(await verdict(payload.bytes, old), "Verified OK");

      assertEquals(attached.tag, null);
      assertEquals(attached.manifest.subject, SUBJECT);
      assertEquals(attached.manifest.artifactType, "application/vnd.dev.sigstore.bundle.v0.3+json");
      assertEquals(attached.manifest.annotations, {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
      });
      assertEquals(
        attached.blobs.map(({ bytes, descriptor }) => descriptor.digest === sha256(bytes)),
        [
          true,
          true,
        ],
      );
      assertEquals(attached.manifest.blobs[0], {
        mediaType: OCI_EMPTY,
        digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        size: 2,
      });
      const { dsseEnvelope } = parsed(attached.blobs[1] ?? { bytes: new Uint8Array() });
      const body = atob(dsseEnvelope.payload);
      assertEquals(JSON.parse(body).subject, [{ digest: { sha256: DIGEST.slice(7) } }]);
      const type = "application/vnd.in-toto+json";
      assertEquals(dsseEnvelope.payloadType, type);
      const envelope = new TextEncoder().encode(`DSSEv1 28 ${type} ${body.length} ${body}`);
      assertEquals(await verdict(envelope, bytesOf(dsseEnvelope.signatures[0].sig)), "Verified OK");
    },
  });
}

/** Puts a blob or a manifest where a plain client would. */
async function put(url: string, path: string, type: string, bytes: Uint8Array<ArrayBuffer>) {
  let target = `${url}${path}`;
  if (path.includes("/blobs/")) {
    const begun = await fetch(`${url}${path.replace(/\/blobs\/.*/, "/blobs/uploads/")}`, {
      method: "POST",
    });
    await begun.body?.cancel();
    const location = new URL(begun.headers.get("location") ?? "", url);
    location.searchParams.set("digest", path.split("/").at(-1) ?? "");
    target = location.href;
  }
  const response = await fetch(target, {
    method: "PUT",
    headers: { "content-type": type },
    body: bytes,
  });
  await response.body?.cancel();
  assertEquals(response.status, 201, target);
}

Deno.test({
  name:
    "cosign verifies either form in a registry, and no other digest (needs cosign, docker-registry)",
  ignore: !["openssl", "cosign", "docker-registry"].every(hasProgram),
  async fn() {
    await using keys = await makeKeys();
    for (const form of ["attached", "tagged"] as const) {
      await using registry = await startDockerRegistry();
      const api = "/v2/bundle/bundle-definition";
      const image = async (text: string): Promise<Descriptor> => {
        const config = new TextEncoder().encode(text);
        await put(
          registry.url,
          `${api}/blobs/${sha256(config)}`,
          "application/octet-stream",
          config,
        );
        const bytes = new TextEncoder().encode(JSON.stringify({
          schemaVersion: 2,
          mediaType: OCI_MANIFEST,
          config: { mediaType: OCI_EMPTY, digest: sha256(config), size: config.length },
          layers: [],
        }));
        await put(registry.url, `${api}/manifests/${sha256(bytes)}`, OCI_MANIFEST, bytes);
        return { mediaType: OCI_MANIFEST, digest: sha256(bytes), size: bytes.length };
      };
      const [subject, other] = [await image("{}"), await image("{ }")];
      const repository = `${registry.host}/bundle/bundle-definition`;
      const forms = await signed(subject, repository, keys.at("ec.pem"));
      const signature: ManifestSignature = forms[form];
      for (const { descriptor, bytes } of signature.blobs) {
        await put(
          registry.url,
          `${api}/blobs/${descriptor.digest}`,
          "application/octet-stream",
          bytes,
        );
      }
      const { descriptor, bytes, artifactType, annotations } = signature.manifest;
      const tag = signature.tag ?? descriptor.digest;
      await put(registry.url, `${api}/manifests/${tag}`, OCI_MANIFEST, bytes);
      if (signature.tag === null) {
        // The registry knows no referrers: a tag lists them (OCI distribution spec 1.1).
        const index = {
          schemaVersion: 2,
          mediaType: OCI_INDEX,
          manifests: [{ ...descriptor, artifactType, annotations }],
        };
        const listed = new TextEncoder().encode(JSON.stringify(index));
        const fallback = subject.digest.replace(":", "-");
        await put(registry.url, `${api}/manifests/${fallback}`, OCI_INDEX, listed);
      }
      const verify = async ({ digest }: Descriptor, key: string) => {
        const { success, stderr } = await new Deno.Command("cosign", {
          args: [
            ...["verify", "--key", keys.at(key), "--insecure-ignore-tlog=true"],
            ...["--allow-http-registry", `${repository}@${digest}`],
          ],
          stdin: "null",
          stdout: "null",
        }).output();
        return [success, new TextDecoder().decode(stderr)] as const;
      };
      const [isVerified, said] = await verify(subject, "ec.pub");
      assertEquals(isVerified, true, `${form}: ${said}`);
      assertEquals((await verify(subject, "other.pub"))[0], false);
      assertEquals((await verify(other, "ec.pub"))[0], false);
    }
  },
});
