/** `--verify-images` of `content build`, before the first blob moves, and of `content verify`. */

import { assertEquals } from "@std/assert";
import { signManifest } from "../../../lib/content/signing/image_signature.ts";
import { readSigningKey } from "../../../lib/content/signing/signing_key.ts";
import type { Descriptor } from "../../../lib/oci/descriptor.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { type ContentRegistry, startContentRegistry } from "../../support/content_registry.ts";
import { errorOf, Home, type RunResult } from "../../support/home.ts";
import { MemoryContent } from "../../support/memory_content.ts";
import { type Keys, makeKeys } from "../../support/openssl.ts";
import { packFiles, writeFolder } from "../../support/pack_folder.ts";
import { definitionArchive } from "../../support/palette/content_state.ts";
import { hasProgram } from "../../support/programs.ts";
import { startPushRegistry } from "../../support/push_registry.ts";
import { World } from "../../support/world.ts";

const ignore = !hasProgram("openssl");
const crypto = systemCrypto();

interface Listed {
  repository: string;
  tag: string | null;
  descriptor: Descriptor;
}

/** The signature of an image in one of its forms, as a registry lists it. */
async function signatureOf(
  content: MemoryContent,
  subject: Descriptor,
  keyFile: string,
  form: "attached" | "tagged",
): Promise<Listed> {
  const key = await readSigningKey(keyFile, "--private-key", {
    files: systemFiles(),
    crypto,
    passphrase: () => Promise.reject(new Error("not encrypted")),
  });
  const [attached, tagged] = await signManifest(subject, "example.com/app", key, crypto);
  const signature = form === "attached" ? attached : tagged;
  if (signature === undefined) throw new Error("a form is missing");
  for (const { bytes, descriptor } of signature.blobs) content.put(bytes, descriptor.mediaType);
  const { manifest, tag } = signature;
  const descriptor = content.put(manifest.bytes, manifest.descriptor.mediaType);
  return { repository: "app", tag, descriptor };
}

class Scene implements AsyncDisposable {
  readonly content = new MemoryContent();
  registry!: ContentRegistry;
  it!: World;
  keys!: Keys;

  /** @param prepare Gives what the registry has, by name. */
  static async make(
    prepare: (content: MemoryContent, keys: Keys) => Promise<Listed[]>,
  ): Promise<Scene> {
    const scene = new Scene();
    scene.keys = await makeKeys();
    scene.registry = await startContentRegistry(
      scene.content,
      await prepare(scene.content, scene.keys),
    );
    scene.it = await World.make(["content", "build"]);
    return scene;
  }

  async build(tags: string[], keys: string[], ...flags: string[]): Promise<RunResult> {
    const { it: { home }, registry } = this;
    const images = tags.map((tag) => `'${registry.host}/bundle/app:${tag}'`).join(", ");
    const pack = await writeFolder(
      `${home.root}/pack`,
      packFiles({ "values.yaml": `pack: {content: {images: [${images}]}}\n` }),
    );
    registry.requests.length = 0;
    return await this.it.run([
      ...["--packs", pack, "--name", "b", "--output", `${home.root}/out`, "--format", "json"],
      ...keys.flatMap((name) => ["--verify-images", this.keys.at(name)]),
      ...flags,
    ]);
  }

  /** Blobs that the registry was asked for. */
  get fetched(): number {
    return this.registry.requests.filter((line) => /^GET .*\/blobs\//.test(line)).length;
  }

  async [Symbol.asyncDispose]() {
    await this.it[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    await this.keys[Symbol.asyncDispose]();
  }
}

for (const form of ["attached", "tagged"] as const) {
  Deno.test({
    name: `an image that is signed (${form}) is taken, and no other (needs openssl)`,
    ignore,
    async fn() {
      await using scene = await Scene.make(async (content, keys) => {
        const signed = await content.putMultiArch("signed");
        const bare = await content.putImage(["bare"]);
        const foreign = await content.putImage(["foreign"]);
        return [
          { repository: "app", tag: "1", descriptor: signed },
          { repository: "app", tag: "2", descriptor: bare },
          { repository: "app", tag: "3", descriptor: foreign },
          await signatureOf(content, signed, keys.at("ec.pem"), form),
          await signatureOf(content, foreign, keys.at("other.pem"), form),
        ];
      });
      const host = scene.registry.host;
      const refused = await scene.build(["1", "2", "3"], ["ec.pub"]);
      assertEquals([refused.status, refused.stdout], [1, ""]);
      const error = errorOf(refused);
      assertEquals([error["code"], error["message"]], [
        "integrity",
        `Cannot fetch 2 of the items: ${host}/bundle/app:2 (pack:elastic-operator): it has no ` +
        `signature; ${host}/bundle/app:3 (pack:elastic-operator): it is signed with another key`,
      ]);
      assertEquals(
        error["hint"],
        "Have it signed by its publisher, or leave --verify-images out to take it as it is",
      );
      const hintFor3 = errorOf(await scene.build(["3"], ["ec.pub"]))["hint"];
      assertEquals(
        hintFor3,
        "Add the public key of whoever publishes it with another --verify-images",
      );
      await scene.build(["1", "2", "3"], ["ec.pub"]);
      // What was signed is read, and nothing of the images.
      assertEquals(scene.fetched, 2);
      assertEquals((await scene.it.home.files()).filter((path) => /^(out|\.cache)/.test(path)), []);

      assertEquals((await scene.build(["1"], ["ec.pub"])).status, 0);
      // Publishers differ: one of the keys has to fit.
      assertEquals((await scene.build(["1", "3"], ["ec.pub", "other.pub"])).status, 0);
      // The bundle carries what signs its images: the same is found where no registry is.
      const file = `${scene.it.home.root}/out/b.tar.zst`;
      const verify = (where: string, ...names: string[]) =>
        scene.it.home.run([
          ...["content", "verify", where, "--format", "json"],
          ...names.flatMap((name) => ["--verify-images", scene.keys.at(name)]),
        ]);
      scene.registry.requests.length = 0;
      // So it is in the registry that the bundle is pushed to.
      await using target = await startPushRegistry();
      const place = `${target.host}/base`;
      const push = await scene.it.home.run(["content", "push", "-f", file, "-r", place]);
      assertEquals(push.status, 0, push.stderr);
      for (const where of [file, place]) {
        const right = await verify(where, "ec.pub", "other.pub");
        assertEquals([right.status, JSON.parse(right.stdout).images], [
          0,
          { checked: 2, signed: 2 },
        ]);
        const shown = await scene.it.home.run([
          ...["content", "verify", where, "--verify-images", scene.keys.at("ec.pub")],
          ...["--verify-images", scene.keys.at("other.pub")],
        ]);
        assertEquals(shown.stdout, "Content OK, signature not checked, 2 images signed\n");
        const strange = await verify(where, "other.pub");
        assertEquals([strange.status, JSON.parse(strange.stdout).problems], [2, [{
          what: `${host}/bundle/app:1`,
          problem: "it is signed with another key",
          items: [`${host}/bundle/app:1`],
        }]]);
        assertEquals(JSON.parse(strange.stdout).images, { checked: 2, signed: 1 });
        const { message, hint } = errorOf(strange);
        assertEquals([message, hint], [
          `1 image of "${where === file ? file : `${place}/bundle-definition:b`}" is not signed ` +
          `with the key "${scene.keys.at("other.pub")}"`,
          "Add the key of whoever publishes them with another --verify-images; images that have " +
          "no signature cannot be verified",
        ]);
      }
      assertEquals(scene.registry.requests, []);
      assertEquals((await scene.build(["1"], ["other.pub"])).status, 1);
      assertEquals((await scene.build(["2"], [])).status, 0);
      // The index is signed, and what it lists with it.
      assertEquals((await scene.build(["1"], ["ec.pub"], "--arch", "arm64")).status, 0);
      const dry = await scene.build(["2"], ["ec.pub"], "--dry-run");
      assertEquals([dry.status, errorOf(dry)["code"]], [1, "integrity"]);
    },
  });

  Deno.test({
    name: `the signature (${form}) of another image, or one that is damaged, signs nothing ` +
      "(needs openssl)",
    ignore,
    async fn() {
      await using scene = await Scene.make(async (content, keys) => {
        const good = await content.putImage(["good"]);
        const evil = await content.putImage(["evil"]);
        const damaged = await content.putImage(["damaged"]);
        // Moved to the other image, its text as it was signed.
        const moved = await signatureOf(content, good, keys.at("ec.pem"), form);
        const manifest = JSON.parse(new TextDecoder().decode(content.bytes(moved.descriptor)));
        if (form === "attached") manifest.subject = { ...manifest.subject, digest: evil.digest };
        const placed = content.putJson(manifest, moved.descriptor.mediaType);
        const broken = await signatureOf(content, damaged, keys.at("ec.pem"), form);
        const other = JSON.parse(new TextDecoder().decode(content.bytes(broken.descriptor)));
        const [layer] = other.layers;
        other.layers = [{ ...layer, ...content.put("{{", layer.mediaType) }];
        broken.descriptor = content.putJson(other, broken.descriptor.mediaType);
        return [
          { repository: "app", tag: "1", descriptor: evil },
          { repository: "app", tag: "2", descriptor: damaged },
          {
            repository: "app",
            tag: form === "attached" ? null : `${evil.digest.replace(":", "-")}.sig`,
            descriptor: placed,
          },
          broken,
        ];
      });
      for (const tag of ["1", "2"]) {
        const refused = await scene.build([tag], ["ec.pub"]);
        assertEquals([refused.status, errorOf(refused)["code"]], [1, "integrity"]);
        assertEquals(
          errorOf(refused)["message"],
          `Cannot fetch 1 of the items: ${scene.registry.host}/bundle/app:${tag} ` +
            "(pack:elastic-operator): its signature is damaged, or of something else",
        );
      }
    },
  });
}

Deno.test({
  name:
    "an image that a bundle or a pack calls something else has to be signed, too (needs openssl)",
  ignore,
  async fn() {
    await using scene = await Scene.make(async (content) => [
      { repository: "app", tag: "1", descriptor: await content.putMultiArch("bare") },
      { repository: "app", tag: "2", descriptor: await content.putImage(["bare"]) },
    ]);
    const { it: { home }, keys, registry } = scene;
    assertEquals((await scene.build(["1", "2"], [])).status, 0);
    const layout = `${home.root}/layout`;
    await home.run(["content", "copy", "-s", `${home.root}/out/b.tar.zst`, "-d", layout]);
    const index = JSON.parse(await Deno.readTextFile(`${layout}/index.json`));
    const names = ["1", "2"].map((tag) => `${registry.host}/bundle/app:${tag}`);
    for (const type of ["image", "chart", "pack", "spc", "signature", "sbom"]) {
      for (const { annotations } of index.manifests) {
        if (!names.includes(annotations["org.opencontainers.image.ref.name"])) continue;
        annotations["io.image.ref.spectrocloud.type"] = type;
      }
      await Deno.writeTextFile(`${layout}/index.json`, JSON.stringify(index));
      const run = await home.run([
        ...["content", "verify", layout, "--verify-images", keys.at("ec.pub"), "--format", "json"],
      ]);
      const { problems } = JSON.parse(run.stdout);
      const expected = names.map((what) => ({
        what,
        problem: "it has no signature",
        items: [what],
      }));
      assertEquals([type, run.status, problems], [type, 2, expected]);
    }
    // A chart in a registry is an artifact: its name could be that of an image.
    const pack = await writeFolder(
      `${home.root}/odd`,
      packFiles({
        "values.yaml": "pack: {content: {charts: [{repo: 'oci://" +
          `${registry.host}/bundle', name: app, version: '2'}]}}\n`,
      }),
    );
    for (
      const flags of [[], ["--offline", "--existing-bundles", layout], ["--arch", "amd64"]]
    ) {
      const refused = await scene.it.run([
        ...["--packs", pack, "--name", "odd", "--output", `${home.root}/odd-out`],
        ...["--verify-images", keys.at("ec.pub"), "--format", "json", ...flags],
      ]);
      const error = errorOf(refused);
      assertEquals([refused.status, error["code"], error["message"]], [
        1,
        "integrity",
        `Cannot fetch 1 of the items: ${registry.host}/bundle/app:2 (pack:elastic-operator): ` +
        "it is an image, not a chart, and its signature would not be checked",
      ]);
    }
    assertEquals((await home.files()).filter((path) => path.startsWith("odd-out")), []);
  },
});

Deno.test({
  name: "an attestation by the key is no signature (needs openssl)",
  ignore,
  async fn() {
    await using scene = await Scene.make(async (content, keys) => {
      const image = await content.putImage(["attested"]);
      const listed = await signatureOf(content, image, keys.at("ec.pem"), "attached");
      const manifest = JSON.parse(new TextDecoder().decode(content.bytes(listed.descriptor)));
      const bundle = JSON.parse(new TextDecoder().decode(content.bytes(manifest.layers[0])));
      const statement = JSON.parse(atob(bundle.dsseEnvelope.payload));
      statement.predicateType = "https://slsa.dev/provenance/v1";
      const payload = JSON.stringify(statement);
      const key = await readSigningKey(keys.at("ec.pem"), "--private-key", {
        files: systemFiles(),
        crypto,
        passphrase: () => Promise.reject(new Error("not encrypted")),
      });
      const signing = key.begin();
      const type = bundle.dsseEnvelope.payloadType;
      signing.update(
        new TextEncoder().encode(`DSSEv1 ${type.length} ${type} ${payload.length} ${payload}`),
      );
      bundle.dsseEnvelope.payload = btoa(payload);
      bundle.dsseEnvelope.signatures[0].sig = btoa(String.fromCharCode(...signing.sign()));
      manifest.layers = [content.putJson(bundle, manifest.layers[0].mediaType)];
      return [
        { repository: "app", tag: "1", descriptor: image },
        {
          repository: "app",
          tag: null,
          descriptor: content.putJson(manifest, listed.descriptor.mediaType),
        },
      ];
    });
    const refused = await scene.build(["1"], ["ec.pub"]);
    assertEquals([
      refused.status,
      String(errorOf(refused)["message"]).endsWith("it has no signature"),
    ], [
      1,
      true,
    ]);
  },
});

Deno.test({
  name: "content build refuses keys of --verify-images that are none, and what makes no bundle " +
    "(needs openssl)",
  ignore,
  async fn() {
    await using scene = await Scene.make(() => Promise.resolve([]));
    const at = (name: string) => scene.keys.at(name);
    for (
      const [args, code, message] of [
        [
          ["--verify-images", at("ec.pem")],
          "validation",
          `Cannot check signatures with "${at("ec.pem")}" of --verify-images: it is a private key`,
        ],
        [
          ["--verify-images", "/none"],
          "io",
          'Cannot read "/none" of --verify-images: no such file or folder',
        ],
        [
          ["--verify-images", at("ec.pub"), "--metadata-only"],
          "usage",
          "--metadata-only and --verify-images cannot be used together",
        ],
      ] as const
    ) {
      const refused = await scene.build(["1"], [], ...args);
      const error = errorOf(refused);
      assertEquals([refused.status, error["code"], error["message"]], [1, code, message]);
      assertEquals(scene.registry.requests, []);
    }
  },
});

Deno.test({
  name: "content verify --verify-images refuses a cluster definition, which has no images " +
    "(needs openssl)",
  ignore,
  async fn() {
    await using keys = await makeKeys();
    await using home = await Home.make();
    const path = `${home.root}/d.tgz`;
    await Deno.writeFile(path, definitionArchive("spec: {}\n"));
    const refused = await home.run([
      "content",
      "verify",
      path,
      "--verify-images",
      keys.at("ec.pub"),
    ]);
    assertEquals([refused.status, refused.stdout, refused.stderr], [
      1,
      "",
      `Error: --verify-images is for bundles, and "${path}" holds no images\n` +
      "Hint: Leave --verify-images out to verify a cluster definition\n",
    ]);
  },
});
