/** Archives of other programs: named for what they are, with what to do about it. */

import { assertEquals } from "@std/assert";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { errorOf, Home } from "../../support/home.ts";
import { tarGzipOf } from "../../support/pack_folder.ts";
import { hasProgram, outputOf, runProgram } from "../../support/programs.ts";
import { pushImage } from "../../support/pushed_image.ts";
import { tarOf } from "../../support/sample_bundle.ts";

const LAYOUT = '{"schemaVersion":2,"manifests":[]}';
const DIGITS = "0a".repeat(32);

const FOREIGN: [string, Record<string, string>, string][] = [
  [
    "a package of Zarf",
    { "checksums.txt": "", "zarf.yaml": "kind: ZarfPackageConfig", "images/index.json": LAYOUT },
    "Deploy it with zarf; of its images alone a bundle is made when it is unpacked: give its " +
    "folder images/",
  ],
  [
    "a CNAB bundle",
    { "bundle.json": "{}", "artifacts/layout/index.json": LAYOUT },
    "Its images are an OCI layout: unpack it, and give its folder artifacts/layout",
  ],
  [
    "images as docker save writes them",
    { "manifest.json": "[]", [`${DIGITS}/layer.tar`]: "" },
    "Make an OCI layout of it: skopeo copy docker-archive:PATH oci-archive:NEW.tar:NAME:TAG",
  ],
  [
    "the storage of a registry",
    { "docker/registry/v2/blobs/x": "" },
    "Serve it with a registry, then name its images in the packs that need them",
  ],
  [
    "a pack",
    { "elastic/pack.json": "{}", "elastic/values.yaml": "" },
    "Build a bundle of it: palette content build --packs PATH",
  ],
  [
    "a Helm chart",
    { "redis/Chart.yaml": "", "redis/values.yaml": "" },
    "Name it in pack.content of a pack, then build a bundle of that: palette content build --packs " +
    "PACK",
  ],
  [
    "a cluster definition",
    { "spc/profiles.json": "{}" },
    "Upload it with palette content upload --cluster-export",
  ],
];

for (const [what, files, hint] of FOREIGN) {
  Deno.test(`${what} is no bundle, and is named, compressed or not`, async () => {
    await using home = await Home.make();
    // A name that means something to a replacement.
    const path = `${home.root}/$&.tar.zst`;
    const tar = new Uint8Array(gunzipSync(await tarGzipOf(files)));
    for (const bytes of [tar, zstdCompressSync(tar), gzipSync(tar)]) {
      await Deno.writeFile(path, bytes);
      const before = await home.files();
      // A cluster definition as Palette makes it is verified on its own.
      const isVerified = what === "a cluster definition" && bytes[0] === 0x1f;
      for (
        const args of [
          ["definition", path],
          ["copy", "-s", path, "-d", "~/o"],
          ...(isVerified ? [] : [["verify", path]]),
        ]
      ) {
        const result = await home.run(["content", ...args, "--format", "json"]);
        assertEquals([result.status, result.stdout], [1, ""]);
        const { code, message, hint: said } = errorOf(result);
        assertEquals([code, message, said], [
          "validation",
          `"${path}" is no bundle: it looks like ${what}`,
          hint.replace("PATH", () => path),
        ]);
        assertEquals(await home.files(), before);
      }
    }
  });
}

Deno.test({
  name: "an image by skopeo is taken as an OCI layout, and named as an archive of Docker " +
    "(needs docker-registry, skopeo)",
  ignore: !hasProgram("docker-registry") || !hasProgram("skopeo"),
  async fn() {
    await using registry = await startDockerRegistry();
    await using home = await Home.make();
    const layers = ["x", "y"].map((name) => tarOf(name, new Uint8Array(100)));
    await pushImage(registry.host, "app/web", "1", layers);
    const copy = async (target: string) => {
      const { status, stderr } = await runProgram("skopeo", [
        ...["--insecure-policy", "copy", "-q", "--src-tls-verify=false"],
        `docker://${registry.host}/app/web:1`,
        target,
      ]);
      assertEquals(status, 0, stderr);
    };
    const docker = `${home.root}/docker.tar`;
    await copy(`docker-archive:${docker}:app/web:1`);
    // Its links to layers come before what else would tell it.
    const refused = await home.run(["content", "push", "-f", docker, "-r", registry.host]);
    assertEquals([refused.status, refused.stdout, refused.stderr], [
      1,
      "",
      `Error: "${docker}" is no bundle: it looks like images as docker save writes them\n` +
      `Hint: Make an OCI layout of it: skopeo copy docker-archive:${docker} ` +
      "oci-archive:NEW.tar:NAME:TAG\n",
    ]);
    const oci = `${home.root}/oci.tar`;
    await copy(`oci-archive:${oci}:example.com/app/web:1`);
    const pushed = await home.run(["content", "push", "-f", oci, "-r", `${registry.host}/new`]);
    assertEquals(pushed.status, 0, pushed.stderr);
    const digestOf = (...args: string[]) =>
      outputOf("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", ...args);
    assertEquals(
      await digestOf(`docker://${registry.host}/new/example.com/app/web:1`),
      await digestOf(`oci-archive:${oci}`),
    );
    const definition = await home.run(["content", "definition", oci]);
    assertEquals([definition.status, definition.stderr], [
      1,
      `Error: cannot find a definition in "${oci}"\n` +
      "Hint: Only bundles made by palette content build carry one; copy, push, serve and verify " +
      "take any OCI layout\n",
    ]);
  },
});
