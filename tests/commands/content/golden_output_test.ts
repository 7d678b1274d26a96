/**
 * Standard output of whole runs that other tests look at in part, byte by byte: scripts read it.
 * `build --metadata-only` and `--download-cluster-config-only`: build_test; `definition`, `list`,
 * `registry-login`, `save`, `serve`, `upload`: their own tests.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { clusterProfile, profilePack } from "../../support/palette/content_state.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { BuildSources, ONLY, WEB } from "../../support/build_sources.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { EDGE_TOKEN, FakeEdgeHost } from "../../support/edge_host.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { Home } from "../../support/home.ts";
import { makeKeys } from "../../support/openssl.ts";
import { hasProgram } from "../../support/programs.ts";

const RULE = "-----------------------------";

function summary(title: string, ...lines: string[]): string {
  return [RULE, `${title} Summary`, RULE, ...lines, ""].join("\n");
}

Deno.test({
  name:
    "content build prints a line for each file, then what was pushed (needs docker-registry, openssl)",
  ignore: !hasProgram("docker-registry") || !hasProgram("openssl"),
  async fn() {
    await using sources = await BuildSources.make();
    await using target = await startDockerRegistry();
    await using keys = await makeKeys();
    const { it } = sources;
    it.palette.state.clusterProfiles = [clusterProfile("edge-infra", {
      uid: "infra",
      type: "infra",
      packs: [profilePack("edge-k3s", { layer: "k8s", version: "1.30.4", values: "" })],
    })];
    const pack = await sources.pack([`${WEB}:1`]);
    const out = `${it.home.root}/out`;
    const place = `${target.host}/spectro`;
    const build = (...flags: string[]) =>
      it.run(["--packs", pack, "--name", "edge-1", "--output", out, ...flags]);

    const signed = await build(
      ...["--private-key", keys.at("rsa.pem"), "--push", "--registry", place],
      ...["--cluster-definition-name", "edge", "--cluster-definition-profile-ids", "infra"],
    );
    assertEquals([signed.status, signed.stdout], [
      0,
      summary(
        "Build",
        `bundle edge-1 saved to ${out}/edge-1.tar.zst`,
        `signature saved to ${out}/edge-1.tar.sig.bin`,
        `signature saved to ${out}/edge-1.tar.zst.sigstore.json`,
        `signature saved to ${out}/edge.sig.bin`,
        `signature saved to ${out}/edge.tgz.sigstore.json`,
      ) + summary("Push", `local bundle edge-1 pushed to ${place}`),
    ], signed.stderr);

    const remote = await build("--build-type", "remote", "--registry", place);
    assertEquals([remote.status, remote.stdout], [
      0,
      summary("Push", `bundle edge-1 pushed to ${place}`),
    ]);

    const second = await sources.pack([`${WEB}:1`, `${ONLY}:2`]);
    const reused = await it.run([
      ...["--packs", second, "--name", "edge-2", "--output", out, "--cache-dir", `${out}/cache`],
      ...["--existing-bundles", `${out}/edge-1.tar.zst`, "--compression-level", "0"],
    ]);
    assertEquals(reused.status, 0);
    assertMatch(
      reused.stdout,
      new RegExp(
        `^${RULE}\nBuild Summary\n${RULE}\nbundle edge-2 saved to ${out}/edge-2\\.tar\n` +
          "reused 2 of 5 items \\(\\d[\\d.]* [KMG]iB not downloaded\\)\n$",
      ),
    );
  },
});

Deno.test({
  name: "content copy and save print where a bundle came from and went to (needs docker-registry)",
  ignore: !hasProgram("docker-registry"),
  async fn() {
    await using home = await Home.make();
    await using one = await startDockerRegistry();
    await using two = await startDockerRegistry();
    await writeBundleFile(`${home.root}/example-bundle.tar.zst`);
    const remote = (host: string) => `${host}/bundle/bundle-definition:edge-site`;
    const copies: [string, string, string, string][] = [
      [
        `file://${home.root}/example-bundle.tar.zst`,
        `${one.host}/bundle`,
        `${home.root}/example-bundle.tar.zst`,
        `${one.host}/bundle`,
      ],
      [remote(one.host), `${two.host}/bundle`, remote(one.host), `${two.host}/bundle`],
      [remote(two.host), `file://${home.root}/dir`, remote(two.host), `${home.root}/dir`],
      // As the documentation also writes a remote bundle.
      [`${two.host}/bundle/edge-site.tar.zst`, "~/x.tar", remote(two.host), `${home.root}/x.tar`],
    ];
    for (const [source, destination, from, to] of copies) {
      const run = await home.run(["content", "copy", "-s", source, "-d", destination]);
      assertEquals([run.status, run.stdout], [
        0,
        summary("Copy", `bundle ${from} copied to ${to}`),
      ]);
    }
    const out = `${home.root}/output-example`;
    const saved = await home.run([
      ...["content", "save", "-s", remote(two.host), "-o", out, "--compression-level", "0"],
    ]);
    assertEquals([saved.status, saved.stdout], [
      0,
      summary(
        "Save",
        `bundle ${remote(two.host)} copied to ${out}`,
        `bundle ${remote(two.host)} saved to ${out}/edge-site.tar`,
      ),
    ]);
    const listed = await home.run(["content", "list", "-r", `${two.host}/bundle`]);
    assertEquals(listed.stdout, `Listing bundles\n${remote(two.host)}\n`);
  },
});

Deno.test("content upload --legacy prints the host's answer", async () => {
  await using home = await Home.make();
  await using host = await FakeEdgeHost.start();
  const path = `${home.root}/example-bundle.tar.zst`;
  await writeBundleFile(path);
  const run = await home.run(
    ["content", "upload", "127.0.0.1", "-p", `${host.port}`, "--no-tls", "--legacy", "-f", path],
    { clock: new FakeClock({ stepMs: 1 }), env: { PALETTE_UPLOAD_TOKEN: EDGE_TOKEN } },
  );
  assertEquals([run.status, run.stdout], [0, "response: Uploaded content successfully\n"]);
  assertMatch(run.stderr, /^uploading file example-bundle\.tar\.zst to appliance\n/);
});
