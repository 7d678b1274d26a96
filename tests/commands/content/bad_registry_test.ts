/**
 * Registries that lie, forget, redirect and ask too much, packs that reach out of their folder, and
 * disks that fill up, as a build meets them: one line, exit status 1, and what was there stays.
 */

import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { errorOf } from "../../support/home.ts";
import { packFiles, tarGzipOfEntries, writeFolder } from "../../support/pack_folder.ts";
import { pushImage } from "../../support/pushed_image.ts";
import { noise } from "../../support/registry_client.ts";
import {
  blobResponse,
  cutBody,
  type Intercept,
  problem,
  StubRegistry,
} from "../../support/stub_registry.ts";
import { TokenRealm } from "../../support/token_realm.ts";
import { World } from "../../support/world.ts";

const LAYER = noise(300_000);
/** One that can be read. */
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  config: { mediaType: "a/b", digest: `sha256:${"0".repeat(64)}`, size: 2 },
  layers: [],
});
const MANIFEST_HEX = createHash("sha256").update(MANIFEST).digest("hex");
const OLDER = "an older bundle";

/** A registry with one image, a pack that asks for it, and an older bundle where the new one goes. */
class Scene implements AsyncDisposable {
  private constructor(
    readonly it: World,
    readonly stub: StubRegistry,
    readonly pack: string,
  ) {}

  static async make(): Promise<Scene> {
    const stub = new StubRegistry();
    await pushImage(stub.host, "app/web", "1", [LAYER]);
    stub.requests.length = 0;
    const it = await World.make(["content", "build"]);
    const pack = await writeFolder(
      `${it.home.root}/pack`,
      packFiles({
        "values.yaml": `pack: {content: {images: ['${stub.host}/app/web:1']}}\n`,
      }),
    );
    await writeFolder(`${it.home.root}/out`, { "b.tar.zst": OLDER });
    return new Scene(it, stub, pack);
  }

  get out(): string {
    return `${this.it.home.root}/out`;
  }

  /** Digest of the layer. */
  get layer(): string {
    return [...this.stub.blobs].find(([, { length }]) => length === LAYER.length)?.[0] ?? "";
  }

  build(flags: string[] = [], options: Parameters<World["run"]>[1] = {}) {
    return this.it.run(
      ["--packs", this.pack, "--name", "b", "--output", this.out, ...flags],
      options,
    );
  }

  async login(username: string, password: string): Promise<void> {
    const auth = btoa(`${username}:${password}`);
    await writeFolder(`${this.it.home.root}/.docker`, {
      "config.json": JSON.stringify({ auths: { [this.stub.host]: { auth } } }),
    });
  }

  /** Nothing but the older bundle, and what the cache keeps to go on with. */
  async assertUntouched(): Promise<void> {
    const files = (await this.it.home.files())
      .filter((path) => !/^(\.cache|\.palette|\.docker|pack|p\.tar)/.test(path));
    assertEquals(files, ["out/b.tar.zst"]);
    assertEquals(await Deno.readTextFile(`${this.out}/b.tar.zst`), OLDER);
  }

  async [Symbol.asyncDispose]() {
    await this.it[Symbol.asyncDispose]();
    await this.stub[Symbol.asyncDispose]();
  }
}

const isBlob = (path: string, { layer }: Scene) => path.endsWith(`/blobs/${layer}`);
const isManifest = (path: string) => path.includes("/manifests/");

/** What goes wrong, and what a build says about it. */
const CASES: [
  string,
  (scene: Scene) => Intercept,
  { code: string; message: (scene: Scene) => string },
][] = [
  [
    "announces another size of a blob",
    (scene) => ({ path }) => isBlob(path, scene) ? new Response(LAYER.subarray(0, 1000)) : null,
    {
      code: "integrity",
      message: ({ stub, layer }) =>
        `Cannot read blob ${layer} of ${stub.host}/app/web: the registry gives 1000 bytes instead ` +
        "of 300000",
    },
  ],
  [
    "gives other bytes of the right size",
    (scene) => ({ path }) => isBlob(path, scene) ? new Response(noise(300_000, 7)) : null,
    {
      code: "integrity",
      message: ({ stub, layer }) =>
        `Cannot use ${layer} of ${stub.host}/app/web:1: its bytes do not have the digest ${layer}`,
    },
  ],
  [
    "serves a manifest over the size limit",
    () => ({ path }) => isManifest(path) ? new Response(noise(4 * 1024 * 1024 + 1)) : null,
    {
      code: "integrity",
      message: ({ stub }) =>
        `Cannot fetch 1 of the items: ${stub.host}/app/web:1 (pack:elastic-operator): Cannot read ` +
        `${stub.host}/app/web:1: it is larger than 4 MiB`,
    },
  ],
  [
    "lies about the digest of a manifest",
    () => ({ path, method }) =>
      isManifest(path) && method === "GET"
        ? new Response(MANIFEST, {
          headers: {
            "content-type": "application/vnd.oci.image.manifest.v1+json",
            "docker-content-digest": `sha256:${"1".repeat(64)}`,
          },
        })
        : null,
    {
      code: "integrity",
      message: ({ stub }) =>
        `Cannot fetch 1 of the items: ${stub.host}/app/web:1 (pack:elastic-operator): Cannot read ` +
        `${stub.host}/app/web:1: its bytes have digest sha256:` +
        `${MANIFEST_HEX}, not sha256:${"1".repeat(64)}`,
    },
  ],
  [
    "redirects a blob to an address that is not safe",
    (scene) => ({ path }) =>
      isBlob(path, scene)
        ? new Response(null, { status: 307, headers: { location: "file:///etc/passwd" } })
        : null,
    {
      code: "api",
      message: ({ stub, layer }) =>
        `Cannot read blob ${layer} of ${stub.host}/app/web: ${stub.host} does not answer like a ` +
        "registry: it redirects to file://, which is not safe",
    },
  ],
  [
    "names a token realm on another host without TLS",
    () => () =>
      problem(401, "UNAUTHORIZED", {
        "www-authenticate": 'Bearer realm="http://token.example.com/t",service="x"',
      }),
    {
      code: "api",
      message: ({ stub }) =>
        `Cannot fetch 1 of the items: ${stub.host}/app/web:1 (pack:elastic-operator): Cannot log in ` +
        `to ${stub.host}: its token realm "http://token.example.com/t" is another host ` +
        "without https, which gets no credentials",
    },
  ],
];

for (const [what, intercept, { code, message }] of CASES) {
  Deno.test(`a registry that ${what} ends a build in one line, and the older bundle stays`, async () => {
    await using scene = await Scene.make();
    await scene.login("user", "secret");
    scene.stub.intercepts.push(intercept(scene));
    const result = await scene.build(["--format", "json"]);
    assertEquals([result.status, result.stdout], [1, ""]);
    const error = errorOf(result);
    assertEquals([error["code"], error["message"]], [code, message(scene)]);
    await scene.assertUntouched();
    const plain = await scene.build(["--no-cache"]);
    assertEquals([plain.status, plain.stdout], [1, ""]);
    assertEquals(/^Error: [^\n]+\n(Hint: [^\n]+\n)?$/.test(plain.stderr), true, plain.stderr);
    await scene.assertUntouched();
  });
}

Deno.test("a registry that answers 200 to a range gives the whole blob, and nothing twice", async () => {
  await using scene = await Scene.make();
  const answers: string[] = [];
  scene.stub.intercepts.push(({ path, range, method }, request) => {
    if (!isBlob(path, scene) || method !== "GET") return null;
    answers.push(range ?? "whole");
    if (answers.length === 1) {
      return new Response(cutBody(LAYER.subarray(0, 100_000)), {
        headers: { "content-length": `${LAYER.length}` },
      });
    }
    const plain = new Request(request.url);
    return blobResponse(plain, LAYER);
  });
  const result = await scene.build();
  assertEquals([result.status, result.stderr], [0, ""]);
  assertEquals(answers, ["whole", "bytes=100000-"]);
  const verified = await scene.it.home.run(["content", "verify", `${scene.out}/b.tar.zst`]);
  assertEquals(verified.stdout, "Content OK, signature not checked\n");
});

Deno.test("tokens that expire in the middle of a blob are renewed, and a build goes on", async () => {
  await using scene = await Scene.make();
  await using realm = new TokenRealm();
  await scene.login("user", "secret");
  realm.guard(scene.stub);
  let isCut = false;
  scene.stub.intercepts.push(({ path, method }) => {
    if (!isBlob(path, scene) || method !== "GET" || isCut) return null;
    isCut = true;
    realm.revoke();
    return new Response(cutBody(LAYER.subarray(0, 100_000)), {
      headers: { "content-length": `${LAYER.length}` },
    });
  });
  const result = await scene.build();
  assertEquals([result.status, result.stderr], [0, ""]);
  assertEquals(realm.issued.length, 2);
  assertEquals(scene.stub.requests.at(-1)?.range, "bytes=100000-");
});

Deno.test("credentials do not follow a blob to another host", async () => {
  await using scene = await Scene.make();
  await using store = new StubRegistry();
  await scene.login("user", "secret");
  scene.stub.intercepts.push(({ authorization, path }) => {
    if (authorization !== `Basic ${btoa("user:secret")}`) {
      return problem(401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="x"' });
    }
    return isBlob(path, scene)
      ? new Response(null, { status: 307, headers: { location: `${store.url}/signed?key=1` } })
      : null;
  });
  store.intercepts.push((_, request) => blobResponse(request, LAYER));
  const result = await scene.build();
  assertEquals([result.status, result.stderr], [0, ""]);
  assertEquals(store.requests.map(({ path, authorization }) => [path, authorization]), [
    ["/signed?key=1", null],
  ]);
});

Deno.test("credentials do not follow an upload to another host", async () => {
  await using scene = await Scene.make();
  await using target = new StubRegistry();
  await using other = new StubRegistry();
  const auth = btoa("user:secret");
  await writeFolder(`${scene.it.home.root}/.docker`, {
    "config.json": JSON.stringify({ auths: { [target.host]: { auth } } }),
  });
  target.intercepts.push(({ authorization, path, method }) => {
    if (authorization !== `Basic ${auth}`) {
      return problem(401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="x"' });
    }
    return method === "POST"
      ? new Response(null, {
        status: 202,
        headers: {
          location: `${other.url}/v2/elsewhere/blobs/uploads/s?of=${encodeURIComponent(path)}`,
        },
      })
      : null;
  });
  other.intercepts.push(async (seen, request) => {
    await request.arrayBuffer();
    const digest = new URL(request.url).searchParams.get("digest") ?? "";
    // The storage is shared: the registry has it now.
    target.blobs.set(digest, scene.stub.blobs.get(digest) ?? new Uint8Array());
    return new Response(null, { status: seen.method === "PUT" ? 201 : 404 });
  });
  const result = await scene.build(["--push", "--registry", `${target.host}/c`]);
  assertEquals([result.status, result.stderr], [0, ""]);
  assertEquals(other.requests.length > 0, true);
  assertEquals(other.requests.every(({ authorization }) => authorization === null), true);
});

Deno.test("a credential helper with an odd name is not run, and ends a build in one line", async () => {
  await using scene = await Scene.make();
  for (const name of ["../../bin/evil", "a;touch x", "$(touch x)"]) {
    const config = { credHelpers: { [scene.stub.host]: name } };
    await writeFolder(`${scene.it.home.root}/.docker`, { "config.json": JSON.stringify(config) });
    scene.stub.intercepts.splice(
      0,
      1,
      () => problem(401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="x"' }),
    );
    const result = await scene.build(["--format", "json"], {
      exec: {
        run: () => Promise.reject(new Error("a program was run")),
      } as never,
    });
    assertEquals([result.status, errorOf(result)["code"], errorOf(result)["message"]], [
      1,
      "validation",
      `Cannot fetch 1 of the items: ${scene.stub.host}/app/web:1 (pack:elastic-operator): Cannot ` +
      `use the credential helper "${name}" of "${scene.it.home.root}/.docker/config.json"`,
    ]);
    await scene.assertUntouched();
  }
});

const PACKS: [string, Parameters<typeof tarGzipOfEntries>[0], string][] = [
  ["a way out", [{ header: { name: "../evil", size: 1 }, body: "x" }], '"../evil"'],
  ["an absolute path", [{ header: { name: "/tmp/evil", size: 1 }, body: "x" }], '"/tmp/evil"'],
  [
    "a symbolic link",
    [{ header: { name: "p/a", size: 0, type: "symlink", linkname: "/etc/passwd" } }],
    '"p/a" is a symlink',
  ],
  [
    "a hard link",
    [{ header: { name: "p/a", size: 0, type: "link", linkname: "../evil" } }],
    '"p/a" is a link',
  ],
  [
    "a device",
    [{ header: { name: "p/a", size: 0, type: "block-device" } }],
    '"p/a" is a block device',
  ],
];

for (const [what, entries, reason] of PACKS) {
  Deno.test(`a pack with ${what} ends a build in one line, and nothing is unpacked`, async () => {
    await using scene = await Scene.make();
    const path = `${scene.it.home.root}/p.tar.gz`;
    await Deno.writeFile(path, await tarGzipOfEntries(entries));
    const before = await scene.it.home.files();
    const result = await scene.it.run(
      ["--packs", path, "--name", "b", "--output", scene.out, "--format", "json"],
    );
    assertEquals([result.status, result.stdout, errorOf(result)["code"]], [1, "", "validation"]);
    const message = String(errorOf(result)["message"]);
    assertEquals(message.startsWith(`Cannot use pack "${path}": `), true, message);
    assertEquals(message.includes(reason), true, message);
    assertEquals(await scene.it.home.files(), before);
    assertEquals(scene.stub.requests, []);
    await scene.assertUntouched();
  });
}

/** A disk of 4 MiB; null where this process may not make one. */
async function smallDisk(): Promise<AsyncDisposable & { folder: string } | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return null;
  const folder = await Deno.makeTempDir({ prefix: "palette-disk-" });
  const mount = (program: string, ...args: string[]) =>
    new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
  const { success } = await mount("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder);
  if (!success) {
    await Deno.remove(folder);
    return null;
  }
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await mount("umount", folder);
      await Deno.remove(folder);
    },
  };
}

const probe = await smallDisk();
await probe?.[Symbol.asyncDispose]();

for (const which of ["archive", "cache"] as const) {
  Deno.test({
    name:
      `a disk of the ${which} that fills up ends a build in one line, and the next one goes on ` +
      "(needs root)",
    ignore: probe === null,
    async fn() {
      await using scene = await Scene.make();
      await using disk = await smallDisk();
      const small = disk?.folder ?? "";
      await pushImage(scene.stub.host, "app/web", "1", [noise(3_000_000, 2), noise(3_000_000, 3)]);
      const [out, cache] = which === "archive"
        ? [small, `${scene.it.home.root}/.cache/blobs`]
        : [scene.out, small];
      await Deno.writeTextFile(`${out}/b.tar.zst`, OLDER);
      // Someone else fills the disk once the build has looked.
      const files = { ...systemFiles(), freeBytes: () => Promise.resolve(null) };
      const flags = ["--packs", scene.pack, "--name", "b", "--output", out, "--cache-dir", cache];
      const result = await scene.it.run([...flags, "--jobs", "1", "--format", "json"], { files });
      assertEquals([result.status, result.stdout, errorOf(result)["code"]], [1, "", "io"]);
      const message = String(errorOf(result)["message"]);
      assertEquals(
        /^Cannot write "[^"]+"( of the blob cache)?: .*no space left/i.test(message),
        true,
        message,
      );
      assertEquals(await Deno.readTextFile(`${out}/b.tar.zst`), OLDER);
      const left = [...Deno.readDirSync(out)].map(({ name }) => name);
      assertEquals(left, ["b.tar.zst"]);

      scene.stub.requests.length = 0;
      const more = await scene.it.run([
        ...["--packs", scene.pack, "--name", "b", "--output", scene.out],
        ...["--cache-dir", which === "cache" ? `${scene.it.home.root}/.cache/other` : cache],
      ]);
      assertEquals(more.status, 0, more.stderr);
      const blobs = scene.stub.lines(/^GET .*\/blobs\//).length;
      assertEquals(blobs, which === "cache" ? 3 : 0);
    },
  });
}
