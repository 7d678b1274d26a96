/** What an update of a bundle brings. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { startDockerRegistry } from "../../support/docker_registry.ts";
import { errorOf, Home } from "../../support/home.ts";
import { hasProgram } from "../../support/programs.ts";
import { sampleBundle } from "../../support/sample_bundle.ts";

const older = sampleBundle({ layerBytes: 20_000, plainBytes: 30_000 });
const newer = sampleBundle({ layerBytes: 20_001, plainBytes: 30_000 });

async function homeWithBundles(): Promise<Home> {
  const home = await Home.make();
  await writeBundleFile(`${home.root}/old.tar.zst`, older);
  await writeBundleFile(`${home.root}/new.tar.zst`, newer);
  return home;
}

Deno.test("content diff names what changed, counts what is new, and exits with 2", async () => {
  await using home = await homeWithBundles();
  const args = ["content", "diff", "~/old.tar.zst", "~/new.tar.zst"];
  const run = await home.run([...args, "--format", "json"]);
  assertEquals(run.status, 2);
  const { same, changes, unchanged, newBlobs } = JSON.parse(run.stdout);
  assertEquals(same, false);
  assertEquals(changes.length > 0, true);
  for (const { change, from, to } of changes) {
    assertEquals(change, "changed");
    assertEquals(from === to, false);
  }
  assertEquals(changes.length + unchanged, 3);
  assertEquals(newBlobs.count > 0, true);
  assertEquals(newBlobs.bytes > 20_000, true);
  assertEquals(errorOf(run)["code"], "checks-failed");

  const table = await home.run(args);
  assertStringIncludes(table.stdout, "us-docker.pkg.dev/p/both:v1");
  assertMatch(table.stdout, /\n\d+ new blobs, \S+ KiB; \d items are the same\n$/);
});

Deno.test("content diff of the same bundle finds nothing", async () => {
  await using home = await homeWithBundles();
  const run = await home.run(["content", "diff", "~/old.tar.zst", "~/old.tar.zst"]);
  assertEquals([run.status, run.stdout, run.stderr], [
    0,
    "0 new blobs, 0 B; 3 items are the same\n",
    "",
  ]);
});

Deno.test({
  name: "content diff compares an archive with a registry",
  ignore: !hasProgram("docker-registry"),
  async fn() {
    await using home = await homeWithBundles();
    await using registry = await startDockerRegistry();
    const pushed = await home.run([
      ...["content", "push", "-f", "~/old.tar.zst", "-r", `${registry.host}/b`],
    ]);
    assertEquals(pushed.status, 0, pushed.stderr);
    const run = await home.run(["content", "diff", `${registry.host}/b`, "~/new.tar.zst"]);
    assertEquals(run.status, 2, run.stderr);
    const same = await home.run(["content", "diff", "~/old.tar.zst", `${registry.host}/b`]);
    assertEquals(same.status, 0, same.stdout);
  },
});

Deno.test("content diff names the bundle that is not there", async () => {
  await using home = await homeWithBundles();
  const run = await home.run(["content", "diff", "~/old.tar.zst", "~/gone.tar.zst"]);
  assertEquals(run.status, 1);
  assertStringIncludes(run.stderr, `/gone.tar.zst": no such file or folder`);
});

for (const command of ["diff", "definition"]) {
  Deno.test(`content ${command} refuses half a client certificate`, async () => {
    await using home = await homeWithBundles();
    const bundles = command === "diff" ? ["~/old.tar.zst", "~/new.tar.zst"] : ["~/old.tar.zst"];
    const run = await home.run(["content", command, ...bundles, "--tls-key", "~/key.pem"]);
    assertEquals([run.status, run.stdout, run.stderr], [
      1,
      "",
      "Error: --tls-key needs its other half\nHint: Give both --tls-cert and --tls-key\n",
    ]);
  });
}
