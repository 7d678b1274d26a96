import { assertEquals } from "@std/assert";
import type { Descriptor } from "../../../lib/oci/descriptor.ts";
import { hexOf } from "../../../lib/oci/digest.ts";
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "../../../lib/oci/media_types.ts";
import { answerRegistry } from "../../../lib/oci/server/answer_registry.ts";
import { ItemCatalog } from "../../../lib/oci/server/item_catalog.ts";
import type { ServedItem } from "../../../lib/oci/server/served_content.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { MemoryContent } from "../../support/memory_content.ts";

const ORIGIN = "http://registry.test";

interface Asked {
  status: number;
  headers: Headers;
  text: string;
}

class Registry {
  readonly warnings: string[] = [];
  readonly #answer: (request: Request) => Promise<Response>;

  constructor(readonly content: MemoryContent, items: ServedItem[]) {
    const parts = { crypto: systemCrypto(), warn: (text: string) => this.warnings.push(text) };
    this.#answer = answerRegistry({
      content: new ItemCatalog(items, { ...parts, source: content }),
      basePath: "bundle",
      ...parts,
    });
  }

  send(path: string, init?: RequestInit): Promise<Response> {
    return this.#answer(new Request(`${ORIGIN}${path}`, init));
  }

  async ask(path: string, init?: RequestInit): Promise<Asked> {
    const response = await this.send(path, init);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** Status and the one error of an answer. */
  async failure(path: string, init?: RequestInit): Promise<[number, string, string]> {
    const { status, text } = await this.ask(path, init);
    const { errors: [{ code, message }] } = JSON.parse(text);
    return [status, code, message];
  }

  async json(path: string): Promise<unknown> {
    return JSON.parse((await this.ask(path)).text);
  }
}

const image = (repository: string, tag: string | null, descriptor: Descriptor): ServedItem => ({
  repository,
  tag,
  descriptor,
});

const NGINX = "docker.io/library/nginx";

async function oneImage(): Promise<{ registry: Registry; nginx: Descriptor; layer: Descriptor }> {
  const content = new MemoryContent();
  const nginx = await content.putImage(["hello"]);
  const { layers: [layer] } = JSON.parse(new TextDecoder().decode(content.bytes(nginx)));
  return { registry: new Registry(content, [image(NGINX, "1.25", nginx)]), nginx, layer };
}

Deno.test("a registry says that it is one, and that it is well", async () => {
  const { registry } = await oneImage();
  for (const path of ["/v2/", "/v2"]) {
    const { status, headers, text } = await registry.ask(path);
    assertEquals([status, text], [200, "{}"]);
    assertEquals(headers.get("docker-distribution-api-version"), "registry/2.0");
  }
  const { status, text } = await registry.ask("/healthz");
  assertEquals([status, text], [200, "ok\n"]);
});

Deno.test("a manifest is given by tag and digest, byte for byte, with its type and digest", async () => {
  const { registry, nginx } = await oneImage();
  for (const selector of ["1.25", nginx.digest, encodeURIComponent(nginx.digest)]) {
    const path = `/v2/bundle/${NGINX}/manifests/${selector}`;
    for (const method of ["GET", "HEAD"]) {
      const { status, headers, text } = await registry.ask(path, { method });
      assertEquals(status, 200);
      assertEquals(
        text,
        method === "HEAD" ? "" : new TextDecoder().decode(registry.content.bytes(nginx)),
      );
      assertEquals(headers.get("content-type"), OCI_MANIFEST);
      assertEquals(headers.get("content-length"), String(nginx.size));
      assertEquals(headers.get("docker-content-digest"), nginx.digest);
      assertEquals(headers.get("etag"), `"${nginx.digest}"`);
    }
  }
});

Deno.test("a manifest keeps the type of Docker's format", async () => {
  const content = new MemoryContent();
  const plain = await content.putImage(["x"]);
  const registry = new Registry(content, [
    image("gcr.io/a/b", "1", { ...plain, mediaType: DOCKER_MANIFEST }),
  ]);
  const { headers } = await registry.ask("/v2/bundle/gcr.io/a/b/manifests/1", { method: "HEAD" });
  assertEquals(headers.get("content-type"), DOCKER_MANIFEST);
});

Deno.test("a blob is given whole, and not again to a client that has it", async () => {
  const { registry, layer } = await oneImage();
  const path = `/v2/bundle/${NGINX}/blobs/${layer.digest}`;
  const got = await registry.send(path);
  assertEquals(got.status, 200);
  assertEquals(new Uint8Array(await got.arrayBuffer()), registry.content.bytes(layer));
  assertEquals(got.headers.get("accept-ranges"), "bytes");
  assertEquals(got.headers.get("content-type"), "application/octet-stream");
  assertEquals(got.headers.get("content-length"), String(layer.size));
  assertEquals(got.headers.get("docker-content-digest"), layer.digest);
  const head = await registry.ask(path, { method: "HEAD" });
  assertEquals([head.status, head.headers.get("content-length")], [200, String(layer.size)]);
  for (const known of [`"${layer.digest}"`, `"x", W/"${layer.digest}"`]) {
    const again = await registry.ask(path, { headers: { "if-none-match": known } });
    assertEquals([again.status, again.text], [304, ""]);
  }
});

Deno.test("a part of a blob is given on request", async () => {
  const { registry, layer } = await oneImage();
  const path = `/v2/bundle/${NGINX}/blobs/${layer.digest}`;
  const part = await registry.send(path, { headers: { range: "bytes=10-19" } });
  assertEquals(part.status, 206);
  assertEquals(part.headers.get("content-range"), `bytes 10-19/${layer.size}`);
  assertEquals(part.headers.get("content-length"), "10");
  assertEquals(
    new Uint8Array(await part.arrayBuffer()),
    registry.content.bytes(layer).slice(10, 20),
  );
  const beyond = await registry.ask(path, { headers: { range: `bytes=${layer.size}-` } });
  assertEquals([beyond.status, beyond.headers.get("content-range")], [
    416,
    `bytes */${layer.size}`,
  ]);
  for (
    const [condition, status] of [[`"${layer.digest}"`, 206], [`"sha256:0"`, 200]] as const
  ) {
    const headers = { range: "bytes=1-", "if-range": condition };
    assertEquals((await registry.ask(path, { headers })).status, status);
  }
});

Deno.test("a damaged blob ends before its end, and is told about", async () => {
  const { registry, layer } = await oneImage();
  const bytes = registry.content.bytes(layer).slice();
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  registry.content.replace(layer, bytes);
  const { status, text } = await registry.ask(`/v2/bundle/${NGINX}/blobs/${layer.digest}`);
  assertEquals([status, text], [200, ""]);
  assertEquals(registry.warnings.length, 1);
  assertEquals(
    registry.warnings[0]?.startsWith(`Cannot use blob ${layer.digest}: digest sha256:`),
    true,
  );
  registry.content.replace(layer, bytes.slice(0, 30));
  const headers = { range: "bytes=10-49" };
  const part = await registry.send(`/v2/bundle/${NGINX}/blobs/${layer.digest}`, { headers });
  assertEquals((await part.arrayBuffer()).byteLength, 20);
  assertEquals(registry.warnings[1], `20 bytes are missing at the end of blob ${layer.digest}`);
});

Deno.test("a damaged manifest is not given at all", async () => {
  const { registry, nginx } = await oneImage();
  registry.content.replace(nginx, new Uint8Array(nginx.size));
  const path = `/v2/bundle/${NGINX}/manifests/1.25`;
  const [status, code, message] = await registry.failure(path);
  assertEquals([status, code], [500, "UNKNOWN"]);
  assertEquals(message.startsWith(`Cannot use manifest ${nginx.digest}: digest sha256:`), true);
  assertEquals(registry.warnings, [message]);
});

Deno.test("platforms of an index are found by digest; those left out are not", async () => {
  const content = new MemoryContent();
  const index = await content.putMultiArch("multi");
  const { manifests: [amd64, arm64] } = JSON.parse(
    new TextDecoder().decode(content.bytes(index)),
  );
  content.remove(arm64);
  const registry = new Registry(content, [image("quay.io/a/b", "1", index)]);
  const head = await registry.ask("/v2/bundle/quay.io/a/b/manifests/1", { method: "HEAD" });
  assertEquals(head.headers.get("content-type"), OCI_INDEX);
  const found = await registry.ask(`/v2/bundle/quay.io/a/b/manifests/${amd64.digest}`);
  assertEquals([found.status, found.headers.get("content-type")], [200, OCI_MANIFEST]);
  assertEquals(await registry.failure(`/v2/bundle/quay.io/a/b/manifests/${arm64.digest}`), [
    404,
    "MANIFEST_UNKNOWN",
    `manifest ${arm64.digest} is not in quay.io/a/b`,
  ]);
});

Deno.test("what is not there is unknown, in the words of the specification", async () => {
  const { registry, nginx, layer } = await oneImage();
  const none = `sha256:${"0".repeat(64)}`;
  const cases: [string, [number, string, string]][] = [
    [`/v2/bundle/${NGINX}/manifests/1.26`, [
      404,
      "MANIFEST_UNKNOWN",
      `tag 1.26 is not in ${NGINX}`,
    ]],
    [`/v2/bundle/${NGINX}/manifests/..x`, [400, "TAG_INVALID", `"..x" is neither tag nor digest`]],
    [`/v2/bundle/${NGINX}/blobs/${none}`, [
      404,
      "BLOB_UNKNOWN",
      `blob ${none} is not in bundle/${NGINX}`,
    ]],
    [`/v2/bundle/${NGINX}/blobs/sha512:1`, [
      400,
      "DIGEST_INVALID",
      `"sha512:1" is no sha256 digest`,
    ]],
    ["/v2/bundle/other/manifests/1", [
      404,
      "NAME_UNKNOWN",
      "repository bundle/other is not in this bundle",
    ]],
    ["/v2/bundle/Other/manifests/1", [
      400,
      "NAME_INVALID",
      `"bundle/Other" is no name of a repository`,
    ]],
    ["/v2/bundle/other/tags/list", [
      404,
      "NAME_UNKNOWN",
      "repository bundle/other is not in this bundle",
    ]],
    ["/v2/bundle/other/tags/all", [404, "UNSUPPORTED", "a registry has no such call"]],
    ["/v2/bundle/other", [404, "UNSUPPORTED", "a registry has no such call"]],
    ["/v1/search", [404, "UNSUPPORTED", "a registry has nothing outside /v2/"]],
  ];
  for (const [path, failure] of cases) assertEquals(await registry.failure(path), failure);
  registry.content.remove(layer);
  assertEquals(await registry.failure(`/v2/bundle/${NGINX}/blobs/${layer.digest}`), [
    404,
    "BLOB_UNKNOWN",
    `blob ${layer.digest} is not in this bundle`,
  ]);
  registry.content.remove(nginx);
  assertEquals(await registry.failure(`/v2/bundle/${NGINX}/manifests/1.25`), [
    404,
    "MANIFEST_UNKNOWN",
    `manifest ${nginx.digest} is not in this bundle`,
  ]);
  assertEquals(registry.warnings, []);
});

Deno.test("a blob is given only below repositories that reference it", async () => {
  const content = new MemoryContent();
  const [a, b] = [await content.putImage(["a"]), await content.putImage(["b"])];
  const registry = new Registry(content, [image("x.y/a", "1", a), image("x.y/b", "1", b)]);
  const { layers: [layer] } = JSON.parse(new TextDecoder().decode(content.bytes(b)));
  const statusBelow = async (name: string) =>
    (await registry.ask(`/v2/bundle/x.y/${name}/blobs/${layer.digest}`)).status;
  assertEquals([await statusBelow("a"), await statusBelow("b")], [404, 200]);
});

Deno.test("a registry that only reads refuses every write", async () => {
  const { registry } = await oneImage();
  for (
    const [method, path] of [
      ["POST", `/v2/bundle/${NGINX}/blobs/uploads/`],
      ["PATCH", `/v2/bundle/${NGINX}/blobs/uploads/1`],
      ["GET", `/v2/bundle/${NGINX}/blobs/uploads/1`],
      ["PUT", `/v2/bundle/${NGINX}/manifests/1.26`],
      ["DELETE", `/v2/bundle/${NGINX}/manifests/1.25`],
    ] as const
  ) {
    const { status, headers, text } = await registry.ask(path, { method });
    assertEquals([status, headers.get("allow"), JSON.parse(text)], [405, "GET, HEAD", {
      errors: [{ code: "UNSUPPORTED", message: "this registry only reads" }],
    }]);
  }
});

Deno.test("repositories and tags come in pages", async () => {
  const content = new MemoryContent();
  const nginx = await content.putImage(["x"]);
  const registry = new Registry(content, [
    ...["c", "a", "b"].map((tag) => image(NGINX, tag, nginx)),
    image(NGINX, null, nginx),
    image("bundle-definition", "example", nginx),
    image("quay.io/x/y", "1", nginx),
  ]);
  const all = ["bundle/bundle-definition", `bundle/${NGINX}`, "bundle/quay.io/x/y"];
  assertEquals(await registry.json("/v2/_catalog"), { repositories: all });
  const first = await registry.ask("/v2/_catalog?n=2");
  assertEquals(JSON.parse(first.text), { repositories: all.slice(0, 2) });
  const next = `/v2/_catalog?n=2&last=${encodeURIComponent(`bundle/${NGINX}`)}`;
  assertEquals(first.headers.get("link"), `<${next}>; rel="next"`);
  const second = await registry.ask(next);
  assertEquals(JSON.parse(second.text), { repositories: all.slice(2) });
  assertEquals(second.headers.get("link"), null);
  const name = `bundle/${NGINX}`;
  const tags = await registry.ask(`/v2/${name}/tags/list?n=1&last=a`);
  assertEquals(JSON.parse(tags.text), { name, tags: ["b"] });
  assertEquals(tags.headers.get("link"), `</v2/${name}/tags/list?n=1&last=b>; rel="next"`);
  assertEquals(await registry.json(`/v2/${name}/tags/list?n=0`), { name, tags: [] });
  assertEquals(await registry.failure("/v2/_catalog?n=-1"), [
    400,
    "PAGINATION_NUMBER_INVALID",
    `n is no number: "-1"`,
  ]);
});

Deno.test("a mirror is asked for less than the full name, and gives no other host's image", async () => {
  const content = new MemoryContent();
  const [ours, theirs] = [await content.putImage(["ours"]), await content.putImage(["theirs"])];
  const registry = new Registry(content, [
    image(NGINX, "1", ours),
    image("quay.io/library/nginx", "1", theirs),
    image("quay.io/library/nginx", "2", theirs),
    image("ghcr.io/only/here", "1", ours),
    image("spectro-packs/archive/x", "1", ours),
    image("10.0.0.1_5000/app", "1", theirs),
  ]);
  const digestAt = async (path: string) => {
    const { headers } = await registry.ask(path, { method: "HEAD" });
    return headers.get("docker-content-digest");
  };
  assertEquals(await digestAt(`/v2/${NGINX}/manifests/1`), ours.digest);
  assertEquals(await digestAt("/v2/library/nginx/manifests/1?ns=docker.io"), ours.digest);
  assertEquals(await digestAt("/v2/library/nginx/manifests/1?ns=quay.io"), theirs.digest);
  assertEquals(await digestAt("/v2/app/manifests/1?ns=10.0.0.1:5000"), theirs.digest);
  assertEquals(await digestAt(`/v2/bundle/${NGINX}/manifests/1?ns=docker.io`), ours.digest);
  assertEquals(await digestAt("/v2/only/here/manifests/1"), ours.digest);
  assertEquals(await digestAt("/v2/library/nginx/manifests/2"), theirs.digest);
  assertEquals(await digestAt(`/v2/library/nginx/manifests/${ours.digest}`), ours.digest);
  const several = [
    404,
    "NAME_UNKNOWN",
    `several hosts have this name, ask for one of ${NGINX}, quay.io/library/nginx`,
  ];
  assertEquals(await registry.failure("/v2/library/nginx/manifests/1"), several);
  assertEquals(await registry.failure("/v2/library/nginx/tags/list"), several);
  for (
    const [name, ns] of [
      ["library/nginx", "?ns=ghcr.io"],
      ["only/here", "?ns=docker.io"],
      ["archive/x", ""],
    ] as const
  ) {
    assertEquals(await registry.failure(`/v2/${name}/manifests/1${ns}`), [
      404,
      "NAME_UNKNOWN",
      `repository ${name} is not in this bundle`,
    ]);
  }
});

Deno.test("what is attached to an image is listed with it, whatever it was stored as", async () => {
  const content = new MemoryContent();
  const nginx = await content.putImage(["signed"]);
  const other = await content.putImage(["other"]);
  const sbom = content.putArtifact("application/spdx+json", "sbom", nginx);
  const signature = content.putArtifact("application/vnd.x.signature", "signature", sbom);
  const oldStyle = content.putArtifact("application/vnd.x.old", "old");
  const fallback = content.putJson({ schemaVersion: 2, manifests: [sbom] }, OCI_INDEX);
  const loose = (tag: string | null, descriptor: Descriptor) => ({
    repository: null,
    tag,
    descriptor,
  });
  const registry = new Registry(content, [
    image(NGINX, "1", nginx),
    image("quay.io/a/b", "1", other),
    loose(null, signature),
    loose(null, sbom),
    loose(`sha256-${hexOf(nginx.digest)}.sig`, oldStyle),
    loose(`sha256-${hexOf(nginx.digest)}`, fallback),
  ]);
  const path = (digest: string) => `/v2/bundle/${NGINX}/referrers/${digest}`;
  const listed = (descriptor: Descriptor, artifactType: string, note: string) => ({
    ...descriptor,
    artifactType,
    annotations: { note },
  });
  const answer = await registry.ask(path(nginx.digest));
  assertEquals([answer.status, answer.headers.get("content-type")], [200, OCI_INDEX]);
  assertEquals(JSON.parse(answer.text), {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [listed(sbom, "application/spdx+json", "sbom")],
  });
  assertEquals(await registry.json(path(sbom.digest)), {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [listed(signature, "application/vnd.x.signature", "signature")],
  });
  const filtered = await registry.ask(`${path(nginx.digest)}?artifactType=other`);
  assertEquals(JSON.parse(filtered.text).manifests, []);
  assertEquals(filtered.headers.get("oci-filters-applied"), "artifactType");
  for (const name of [`bundle/${NGINX}`, "bundle/nowhere"]) {
    assertEquals(await registry.json(`/v2/${name}/referrers/${other.digest}`), {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [],
    });
  }
  const hex = hexOf(nginx.digest);
  assertEquals(await registry.json(`/v2/bundle/${NGINX}/tags/list`), {
    name: `bundle/${NGINX}`,
    tags: ["1", `sha256-${hex}`, `sha256-${hex}.sig`],
  });
  const old = await registry.ask(`/v2/bundle/${NGINX}/manifests/sha256-${hex}.sig`);
  assertEquals(old.headers.get("docker-content-digest"), oldStyle.digest);
  assertEquals(await registry.json("/v2/bundle/quay.io/a/b/tags/list"), {
    name: "bundle/quay.io/a/b",
    tags: ["1"],
  });
});

Deno.test("nothing is read before it is asked for, and only what the repository needs", async () => {
  const content = new MemoryContent();
  const [a, b] = [await content.putImage(["a"]), await content.putImage(["b"])];
  const registry = new Registry(content, [image("x.y/a", "1", a), image("x.y/b", "1", b)]);
  await registry.ask("/v2/_catalog");
  assertEquals(content.opened, []);
  await registry.ask("/v2/bundle/x.y/a/manifests/1");
  assertEquals(content.opened, [a.digest]);
  await registry.ask("/v2/bundle/x.y/a/tags/list");
  await registry.ask("/v2/bundle/x.y/a/tags/list");
  assertEquals(content.opened, [a.digest, a.digest]);
});

Deno.test("of two items with one name the last counts", async () => {
  const content = new MemoryContent();
  const [a, b] = [await content.putImage(["a"]), await content.putImage(["b"])];
  const registry = new Registry(content, [image("x.y/a", "1", a), image("x.y/a", "1", b)]);
  const { headers } = await registry.ask("/v2/bundle/x.y/a/manifests/1");
  assertEquals(headers.get("docker-content-digest"), b.digest);
});
