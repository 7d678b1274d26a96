/** What is pushed and served, as the other programs of registries see it. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { BuildSources, WEB } from "../../support/build_sources.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { Home } from "../../support/home.ts";
import { makeKeys, opensslVerdict } from "../../support/openssl.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";
import { testRegistry } from "../../support/registry_client.ts";
import type { SampleBundle } from "../../support/sample_bundle.ts";
import { serving } from "../../support/serving.ts";

const NGINX = "docker.io/library/nginx";
const BOTH = "us-docker.pkg.dev/p/both";
const REPOSITORIES = ["bundle-definition", NGINX, BOTH];

function digestAt(bundle: SampleBundle, index: number): string {
  return bundle.items[index]?.digest ?? "";
}

/** Runs a program that has to succeed; gives its output. */
async function said(home: Home, program: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram(program, args, { HOME: home.root });
  assertEquals(status, 0, `${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

interface Peer {
  program: string;
  /** Repositories below a base path, sorted. */
  list(home: Home, host: string, base: string): Promise<string[]>;
  digest(home: Home, ref: string): Promise<string>;
  /** Copies an image with all its platforms to this machine. */
  pull(home: Home, ref: string, folder: string): Promise<unknown>;
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "").sort();
const below = (names: string[], base: string) =>
  names.filter((name) => name.startsWith(`${base}/`)).map((name) => name.slice(base.length + 1));

const PEERS: Peer[] = [
  {
    program: "oras",
    list: async (home, host, base) =>
      lines(await said(home, "oras", "repo", "list", "--plain-http", `${host}/${base}`)),
    digest: async (home, ref) => (await said(home, "oras", "resolve", "--plain-http", ref)).trim(),
    pull: (home, ref, folder) =>
      said(home, "oras", "copy", "--from-plain-http", ref, "--to-oci-layout", `${folder}:x`),
  },
  {
    program: "crane",
    list: async (home, host, base) =>
      below(lines(await said(home, "crane", "catalog", "--insecure", host)), base),
    digest: async (home, ref) => (await said(home, "crane", "digest", "--insecure", ref)).trim(),
    pull: (home, ref, folder) =>
      said(home, "crane", "pull", "--insecure", "--format", "oci", ref, folder),
  },
  {
    program: "regctl",
    async list(home, host, base) {
      await said(home, "regctl", "registry", "set", "--tls", "disabled", host);
      return below(lines(await said(home, "regctl", "repo", "ls", host)), base);
    },
    digest: async (home, ref) => (await said(home, "regctl", "image", "digest", ref)).trim(),
    pull: (home, ref, folder) =>
      said(home, "regctl", "image", "copy", "--referrers", ref, `ocidir://${folder}:x`),
  },
];

for (const { program, list, digest, pull } of PEERS) {
  Deno.test({
    name: `${program} lists and pulls what content serve serves (needs ${program})`,
    ignore: !hasProgram(program),
    async fn() {
      await using home = await Home.make();
      const file = `${home.root}/b.tar.zst`;
      const bundle = await writeBundleFile(file);
      const ended = await serving({ home, file }, ["--host", "127.0.0.1"], async (host) => {
        assertEquals(await list(home, host, "bundle"), REPOSITORIES);
        for (const [ref, index] of [[`${NGINX}:1.27`, 1], [`${BOTH}:v1`, 2]] as const) {
          const full = `${host}/bundle/${ref}`;
          assertEquals(await digest(home, full), digestAt(bundle, index));
          await pull(home, full, `${home.root}/${program}-${index}`);
        }
      });
      assertEquals([ended.status, ended.stderr], [0, ""]);
      const blobs = (index: number) =>
        [...Deno.readDirSync(`${home.root}/${program}-${index}/blobs/sha256`)].map(({ name }) =>
          name
        );
      for (const { digest: layer } of bundle.layers.slice(0, 2)) {
        assertEquals(blobs(2).includes(layer.slice(7)), true);
      }
    },
  });

  Deno.test({
    name: `${program} lists and pulls what content push pushed (needs ${program}, docker-registry)`,
    ignore: !hasProgram(program) || !hasProgram("docker-registry"),
    async fn() {
      await using registry = await startDockerRegistry();
      await using home = await Home.make();
      const bundle = await writeBundleFile(`${home.root}/b.tar.zst`);
      const push = (base: string) =>
        home.run([
          ...["content", "push", "-f", "~/b.tar.zst", "-r", `${registry.host}/${base}`],
          ...["--format", "json"],
        ]);
      const first = JSON.parse((await push("base")).stdout);
      assertEquals([first.uploaded, first.mounted, first.there], [bundle.blobs.size - 5, 0, 0]);
      assertEquals(await list(home, registry.host, "base"), REPOSITORIES);
      assertEquals(
        await digest(home, `${registry.host}/base/${BOTH}:v1`),
        digestAt(bundle, 2),
      );
      await pull(home, `${registry.host}/base/${BOTH}:v1`, `${home.root}/pulled`);
      const again = JSON.parse((await push("base")).stdout);
      assertEquals([again.uploaded, again.uploadedBytes, again.mounted], [0, 0, 0]);
    },
  });
}

Deno.test({
  name: "podman pulls through content serve, the mirror of the hosts that images come from " +
    "(needs podman, root)",
  // Without root podman needs ranges of ids that not every machine has.
  ignore: !hasProgram("podman") || Deno.uid() !== 0,
  async fn() {
    await using home = await Home.make();
    const file = `${home.root}/b.tar.zst`;
    const bundle = await writeBundleFile(file);
    const [conf, policy] = [`${home.root}/registries.conf`, `${home.root}/policy.json`];
    await Deno.writeTextFile(policy, '{"default": [{"type": "insecureAcceptAnything"}]}');
    const ended = await serving({ home, file }, ["--host", "127.0.0.1"], async (host) => {
      const mirrors = ["docker.io", "us-docker.pkg.dev"].map((name) =>
        `[[registry]]
prefix = "${name}"
location = "${name}"
[[registry.mirror]]
location = "${host}/bundle/${name}"
insecure = true
`
      );
      await Deno.writeTextFile(conf, mirrors.join(""));
      for (const [ref, index] of [[`${NGINX}:1.27`, 1], [`${BOTH}:v1`, 2]] as const) {
        const { status, stderr } = await runProgram("podman", [
          ...["--root", `${home.root}/root`, "--runroot", `${home.root}/run`],
          ...["--storage-driver", "vfs", "pull", "--quiet", "--signature-policy", policy, ref],
        ], { CONTAINERS_REGISTRIES_CONF: conf, TMPDIR: home.root, HOME: home.root });
        assertEquals(status, 0, stderr);
        const { stdout } = await runProgram("podman", [
          ...["--root", `${home.root}/root`, "--runroot", `${home.root}/run`],
          ...["--storage-driver", "vfs", "image", "inspect", "--format", "{{.Digest}}", ref],
        ], { HOME: home.root });
        // Of an index podman keeps the digest of one of its manifests.
        const both = bundle.blobs.get(bundle.items[index]?.digest ?? "sha256:");
        assertEquals(
          digestAt(bundle, index) === stdout.trim() ||
            new TextDecoder().decode(both).includes(stdout.trim()),
          true,
          stdout,
        );
      }
    });
    assertEquals([ended.status, ended.stderr], [0, ""]);
  },
});

Deno.test({
  name: "what cosign signed is carried through a bundle and verified behind it " +
    "(needs cosign, docker-registry, openssl, skopeo)",
  ignore: !["cosign", "docker-registry", "openssl", "skopeo"].every(hasProgram),
  async fn() {
    await using sources = await BuildSources.make();
    await using keys = await makeKeys();
    await using origin = await startDockerRegistry();
    await using target = await startDockerRegistry();
    const { it } = sources;
    const { home } = it;
    const password = { COSIGN_PASSWORD: "Some-Pass-1", HOME: home.root };
    const cosign = (...args: string[]) => runProgram("cosign", args, password);
    await outputIn(home.root, "cosign", ["generate-key-pair"], password);
    // An image for two platforms, as it is published: its index is what is signed.
    const copied = await runProgram("skopeo", [
      ...["copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false"],
      "--dest-tls-verify=false",
      `docker://${sources.registry.host}/${WEB}:1`,
      `docker://${origin.host}/app/web:1`,
    ]);
    assertEquals(copied.status, 0, copied.stderr);
    const index = await digestIn(origin.host, "app/web", "1");
    const signed = await cosign(
      ...["sign", "--yes", "--key", `${home.root}/cosign.key`, "--tlog-upload=false"],
      ...["--use-signing-config=false", "--allow-http-registry", `${origin.host}/app/web@${index}`],
    );
    assertEquals(signed.status, 0, signed.stderr);

    const pack = await sources.pack([]);
    await Deno.writeTextFile(
      `${pack}/values.yaml`,
      `pack: {content: {images: ['${origin.host}/app/web:1']}}\n`,
    );
    const out = `${home.root}/out`;
    const build = (name: string, ...flags: string[]) =>
      it.run([
        ...["--packs", pack, "--name", name, "--output", out, "--private-key", keys.at("ec.pem")],
        ...flags,
      ]);
    const strange = await build("b", "--verify-images", keys.at("ec.pub"));
    assertEquals(strange.status, 1);
    assertStringIncludes(strange.stderr, "it is signed with another key");
    const built = await build(
      ...["b", "--push", "--registry", `${target.host}/c`] as const,
      ...["--verify-images", `${home.root}/cosign.pub`],
    );
    assertEquals([built.status, built.stderr], [0, ""]);
    const copy = `c/${origin.host}/app/web`;
    const repository = (await catalogOf(target.host)).find((name) => name.endsWith("/app/web"));
    assertEquals(repository?.replace("_", ":"), copy);
    assertEquals(await digestIn(target.host, repository ?? "", "1"), index);
    const verify = (ref: string, key: string) =>
      cosign(
        ...["verify", "--key", key, "--insecure-ignore-tlog=true", "--allow-http-registry", ref],
      );
    const image = `${target.host}/${repository}@${index}`;
    assertEquals((await verify(image, `${home.root}/cosign.pub`)).status, 0);
    assertEquals((await verify(image, keys.at("ec.pub"))).status !== 0, true);
    // The definition is signed by the build, in both forms that cosign looks for.
    const definition = `${target.host}/c/bundle-definition:b`;
    const own = await verify(definition, keys.at("ec.pub"));
    assertEquals(own.status, 0, own.stderr);

    // The archive: OpenSSL and cosign take it, and no longer when one bit of it is another.
    const file = `${out}/b.tar.zst`;
    const verdicts = async () => {
      const blob = await cosign(
        ...["verify-blob", "--key", keys.at("ec.pub"), "--insecure-ignore-tlog=true"],
        ...["--bundle", `${file}.sigstore.json`, file],
      );
      const signature = `${out}/b.tar.sig.bin`;
      return [
        await opensslVerdict({ key: keys.at("ec.pub"), signature, file }),
        blob.status === 0,
        (await home.run(["content", "verify", file, "--key", keys.at("ec.pub")])).status,
      ];
    };
    assertEquals(await verdicts(), ["Verified OK", true, 0]);
    const bytes = await Deno.readFile(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await Deno.writeFile(file, bytes);
    assertEquals(await verdicts(), ["Verification failure", false, 2]);

    // One platform alone is another manifest: the signature of the index is not carried.
    const one = await build("one", "--arch", "arm64");
    assertStringIncludes(one.stderr, "has a signature that is of all architectures together");
    const { stdout } = await runProgram("tar", [
      ...["--use-compress-program=zstd", "-xOf", `${out}/one.tar.zst`, "index.json"],
    ]);
    const items: { mediaType: string }[] = JSON.parse(stdout).manifests;
    assertEquals([...new Set(items.map(({ mediaType }) => mediaType))], [
      "application/vnd.oci.image.manifest.v1+json",
    ]);
  },
});

/** Runs a program in a folder; it has to succeed. */
async function outputIn(
  cwd: string,
  program: string,
  args: string[],
  env: Record<string, string>,
): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, cwd, env, stdin: "null" })
    .output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
}

async function digestIn(host: string, repository: string, tag: string): Promise<string> {
  using test = testRegistry(host);
  return (await test.client.headManifest(repository, tag))?.digest ?? "";
}

async function catalogOf(host: string): Promise<string[]> {
  using test = testRegistry(host);
  return await test.client.catalog();
}
