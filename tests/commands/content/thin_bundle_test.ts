/** A bundle that leaves out what another one has: every command that meets one says so. */

import { assertEquals } from "@std/assert";
import { BUNDLE_REQUIRES } from "../../../lib/content/bundle.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { errorOf, Home } from "../../support/home.ts";
import { startPushRegistry } from "../../support/push_registry.ts";
import { memberOf, sampleBundle } from "../../support/sample_bundle.ts";
import { serving } from "../../support/serving.ts";

const REQUIRES = `sha256:${"a".repeat(64)}`;
const whole = sampleBundle({ layerBytes: 2_000, plainBytes: 3_000 });

async function homeWithBundles(): Promise<{ home: Home; thin: string; said: string }> {
  const home = await Home.make();
  await writeBundleFile(`${home.root}/whole.tar.zst`, whole);
  const index = JSON.parse(new TextDecoder().decode(whole.index));
  index.annotations[BUNDLE_REQUIRES] = REQUIRES;
  const [layer] = whole.layers;
  const members = whole.members
    .filter(({ name }) => !name.endsWith(layer?.digest.slice(7) ?? ""))
    .map((member) =>
      member.name === "index.json"
        ? memberOf(member.name, new TextEncoder().encode(JSON.stringify(index)))
        : member
    );
  const thin = `${home.root}/thin.tar.zst`;
  await writeBundleFile(thin, { ...whole, members });
  const said =
    `"${thin}" is a thin bundle: 1 blob is only in the bundle with the definition ${REQUIRES}`;
  return { home, thin, said };
}

Deno.test("content verify of an intact thin bundle names the bundle that it needs", async () => {
  const { home, thin, said } = await homeWithBundles();
  await using _ = home;
  const { status, stderr } = await home.run(["content", "verify", thin, "-q"]);
  assertEquals([status, stderr], [
    2,
    `Error: ${said}\nHint: What is in it is intact: verify the other bundle, too, and keep it ` +
    "with this one\n",
  ]);
});

Deno.test("content verify of a damaged thin bundle says that it is damaged", async () => {
  const { home, thin } = await homeWithBundles();
  await using _ = home;
  const index = JSON.parse(new TextDecoder().decode(whole.index));
  index.annotations[BUNDLE_REQUIRES] = REQUIRES;
  const bytes = new TextEncoder().encode(JSON.stringify(index));
  const [layer, other] = whole.layers;
  const members = whole.members
    .filter(({ name }) => !name.endsWith(layer?.digest.slice(7) ?? ""))
    .map((member) => {
      if (member.name === "index.json") return memberOf(member.name, bytes);
      return member.name.endsWith(other?.digest.slice(7) ?? "")
        ? memberOf(member.name, new Uint8Array(other?.size ?? 0))
        : member;
    });
  await writeBundleFile(thin, { ...whole, members });
  const { status, stderr } = await home.run(["content", "verify", thin, "-q"]);
  assertEquals([status, stderr.split("\n")[0]], [
    2,
    `Error: "${thin}" is not what was made: 2 problems`,
  ]);
});

Deno.test("content push sends nothing of a thin bundle to a registry without the other one", async () => {
  await using registry = await startPushRegistry();
  const { home, thin, said } = await homeWithBundles();
  await using _ = home;
  const place = `${registry.host}/bundle`;
  const push = (file: string, ...args: string[]) =>
    home.run(["content", "push", "-f", file, "-r", place, "--format", "json", ...args]);
  for (const args of [[], ["--dry-run"]]) {
    const refused = await push(thin, ...args);
    assertEquals([refused.status, errorOf(refused)["code"], errorOf(refused)["message"]], [
      1,
      "prerequisite",
      `Cannot push to ${place}: ${said}`,
    ]);
    assertEquals(
      errorOf(refused)["hint"],
      "Push that bundle there first, or build this one without --thin-against",
    );
  }
  assertEquals(registry.requests.filter((line) => !/^(GET|HEAD) /.test(line)), []);
  assertEquals((await push(`${home.root}/whole.tar.zst`)).status, 0);
  const done = await push(thin);
  assertEquals([done.status, JSON.parse(done.stdout).uploaded], [0, 0]);
});

Deno.test("content copy of a thin bundle warns that the copy is thin, unless the rest is there", async () => {
  const { home, thin, said } = await homeWithBundles();
  await using _ = home;
  const warning = `Warning: ${said}; the copy lacks them, too\n`;
  for (const [to, ...args] of [["~/c.tar.zst"], ["~/layout", "--dry-run"], ["~/layout"]]) {
    const run = await home.run(["content", "copy", "-s", thin, "-d", to ?? "", ...args]);
    assertEquals([run.status, run.stderr], [0, warning], to);
  }
  await home.run(["content", "copy", "-s", "~/whole.tar.zst", "-d", "~/full"]);
  const run = await home.run(["content", "copy", "-s", thin, "-d", "~/full"]);
  assertEquals([run.status, run.stderr], [0, ""]);
});

Deno.test("content serve of a thin bundle warns that pulls may fail", async () => {
  const { home, thin, said } = await homeWithBundles();
  await using _ = home;
  const nothing = () => Promise.resolve();
  for (const args of [[], ["--disk", `${home.root}/disk`, "--no-progress"]]) {
    const served = await serving({ home, file: thin }, ["--host", "127.0.0.1", ...args], nothing);
    assertEquals([served.status, served.stderr], [
      0,
      `Warning: ${said}; pulls of what needs them fail\n`,
    ]);
  }
});
