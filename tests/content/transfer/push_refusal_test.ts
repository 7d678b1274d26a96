/** What a registry refuses is told with what has to be there before. */

import { assertEquals, assertRejects } from "@std/assert";
import { destinationOf } from "../../../lib/content/destination.ts";
import { itemsOf } from "../../../lib/content/bundle.ts";
import type { Bundle } from "../../../lib/content/bundle.ts";
import { explainRefusal } from "../../../lib/content/transfer/push_refusal.ts";
import { pushBundle } from "../../../lib/content/transfer/push_bundle.ts";
import { UserError } from "../../../lib/errors.ts";
import { RegistryError } from "../../../lib/oci/registry/registry_error.ts";
import type { Registry } from "../../../lib/oci/registry/registry.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { MemoryContent } from "../../support/memory_content.ts";
import { testRegistry } from "../../support/registry_client.ts";
import { problem, StubRegistry } from "../../support/stub_registry.ts";

const crypto = systemCrypto();

async function sample(source = new MemoryContent()): Promise<Bundle> {
  const web = await source.putImage(["web"]);
  const db = await source.putImage(["db"]);
  const named = (descriptor: typeof web, ref: string) => ({
    ...descriptor,
    annotations: { "org.opencontainers.image.ref.name": ref },
  });
  return {
    name: "edge-1",
    place: "b.tar.zst",
    annotations: {},
    items: itemsOf([named(web, "example.com/web:1"), named(db, "example.com/db:1")]),
    source,
    close: () => {},
  };
}

async function pushError(bundle: Bundle, stub: StubRegistry, base: string) {
  const { client: registry } = testRegistry(stub.host);
  const error = await assertRejects(() =>
    pushBundle(bundle, bundle.items, {
      registry,
      base,
      jobs: 1,
      crypto,
      keepsTags: false,
      isDryRun: false,
      onBytes: () => {},
      onWarning: () => {},
      signal: new AbortController().signal,
    }), RegistryError);
  registry.close();
  return error;
}

Deno.test("a push to what is not there names the repositories and the project to create", async () => {
  await using stub = new StubRegistry();
  stub.manifests.set("team/example.com/db:0", { type: "x", bytes: new Uint8Array() });
  stub.intercepts.push(({ path, method }) => {
    if (method === "POST") return problem(404, "NAME_UNKNOWN");
    if (path.startsWith("/v2/team/example.com/web/tags/")) return problem(404, "NAME_UNKNOWN");
    return null;
  });
  const error = await pushError(await sample(), stub, "team");
  assertEquals([error.code, error.hint], [
    "not-found",
    `in Harbor the project "team" has to exist; if ${stub.host} makes no repositories itself, ` +
    "create these: team/example.com/web",
  ]);
  assertEquals(
    /^Cannot upload blob sha256:[0-9a-f]{64} to .*: .* does not have it \(name unknown\)$/
      .test(error.message),
    true,
    error.message,
  );
});

for (const status of [401, 403]) {
  Deno.test(`a push that is refused with ${status} names the project, too`, async () => {
    await using stub = new StubRegistry();
    stub.intercepts.push(({ method }) => method === "POST" ? problem(status, "DENIED") : null);
    const login = `Run palette content registry-login --registry ${stub.host}`;
    const as = status === 403 ? " as a user who may" : "";
    const { code, hint } = await pushError(await sample(), stub, "team/a");
    assertEquals([code, hint], [
      status === 403 ? "forbidden" : "credentials",
      `${login}${as}; in Harbor the project "team" has to exist`,
    ]);
    const { hint: bare } = await pushError(await sample(), stub, "");
    assertEquals(
      bare,
      `${login}${as}; in Harbor a project has to be named, and to exist: ` +
        `--registry ${stub.host}/PROJECT`,
    );
  });
}

Deno.test("an error of where a bundle comes from says nothing of where it goes", async () => {
  await using stub = new StubRegistry();
  const source = new MemoryContent();
  const bundle = await sample(source);
  const failure = new RegistryError("not-found", "Cannot read blob", { status: 404, hint: "own" });
  bundle.source = {
    has: (descriptor) => source.has(descriptor),
    open: (descriptor, offset) =>
      descriptor.mediaType.includes("manifest")
        ? source.open(descriptor, offset)
        : Promise.reject(failure),
  };
  assertEquals(await pushError(bundle, stub, "team"), failure);
});

for (
  const host of [
    "123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
    "public.ecr.aws",
  ]
) {
  Deno.test(`${host} is told to need repositories beforehand`, async () => {
    const missing = new RegistryError("not-found", "no", { status: 404 });
    const registry = {
      host,
      listTags: (name: string) => name === "x/b" ? Promise.resolve([]) : Promise.reject(missing),
    } as Partial<Registry> as Registry;
    const repositories = ["x/c", "x/b", "x/a", "x/a"];
    const error = await explainRefusal(
      new RegistryError("not-found", "Cannot upload", { status: 404 }),
      { registry, base: "x", repositories, jobs: 2 },
    );
    assertEquals(error instanceof RegistryError && [error.message, error.hint], [
      "Cannot upload",
      "Create these repositories first, with aws ecr create-repository --repository-name NAME " +
      "for each: x/a, x/c",
    ]);
  });
}

Deno.test("a registry that cannot be asked for its repositories does not hide what it refused", async () => {
  const gone = new UserError("network", "Cannot list tags: example.com: connection reset");
  const registry = {
    host: "example.com",
    listTags: () => Promise.reject(gone),
  } as Partial<Registry> as Registry;
  const error = await explainRefusal(
    new RegistryError("not-found", "Cannot upload", { status: 404 }),
    { registry, base: "x", repositories: ["x/a"], jobs: 2 },
  );
  assertEquals(error instanceof RegistryError && [error.code, error.message, error.hint], [
    "not-found",
    "Cannot upload",
    'in Harbor the project "x" has to exist',
  ]);
});

Deno.test("pushBundle() says what it may be when a pack of one version is overwritten", async () => {
  await using stub = new StubRegistry();
  const source = new MemoryContent();
  const pack = source.putArtifact("application/vnd.palette.pack", "fips");
  const [item] = itemsOf([{
    ...pack,
    annotations: {
      "org.opencontainers.image.ref.name": "spectro-packs/archive/cni:1.0.0",
      "io.image.ref.spectrocloud.type": "pack",
    },
  }]);
  if (item === undefined) throw new Error("no item");
  assertEquals(await destinationOf(item, "b", crypto), {
    repository: "spectro-packs/archive/cni",
    tag: "1.0.0",
  });
  stub.manifests.set("base/spectro-packs/archive/cni:1.0.0", {
    type: "application/vnd.oci.image.manifest.v1+json",
    bytes: new TextEncoder().encode('{"schemaVersion":2,"layers":[]}'),
  });
  const warnings: string[] = [];
  const { client: registry } = testRegistry(stub.host);
  const bundle = { ...await sample(), items: [item], source };
  const result = await pushBundle(bundle, [item], {
    registry,
    base: "base",
    jobs: 1,
    crypto,
    keepsTags: false,
    isDryRun: false,
    onBytes: () => {},
    onWarning: (text) => void warnings.push(text),
    signal: new AbortController().signal,
  });
  registry.close();
  const tag = `${stub.host}/base/spectro-packs/archive/cni:1.0.0`;
  assertEquals([result.changedTags, warnings], [[tag], [
    `${tag} pointed to other content and is overwritten; a pack has one name and version with ` +
    "FIPS and without",
  ]]);
});
