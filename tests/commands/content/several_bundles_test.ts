/** A layout that several bundles were copied into: each is named. */

import { assertEquals } from "@std/assert";
import { REF_NAME } from "../../../lib/content/bundle.ts";
import { Layout } from "../../../lib/oci/layout.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { Home } from "../../support/home.ts";
import { DEFINITION_YAML } from "../../support/sample_bundle.ts";
import { serving } from "../../support/serving.ts";

/** A layout with the bundle `edge-site`, and its definition once more as `edge-2`. */
async function twoBundles(home: Home): Promise<string> {
  const folder = `${home.root}/lay`;
  await writeBundleFile(`${home.root}/b.tar.zst`);
  await home.run(["content", "copy", "-s", `${home.root}/b.tar.zst`, "-d", folder]);
  const parts = { files: systemFiles(), crypto: systemCrypto() };
  const { index: { manifests } } = await Layout.open(folder, parts);
  const [definition] = manifests;
  if (definition === undefined) throw new Error("no definition");
  const annotations = { ...definition.annotations, [REF_NAME]: "bundle-definition:edge-2" };
  const index = JSON.parse(await Deno.readTextFile(`${folder}/index.json`));
  index.manifests.push({ ...index.manifests[0], annotations });
  await Deno.writeTextFile(`${folder}/index.json`, JSON.stringify(index));
  return folder;
}

Deno.test("content definition of a layout with two bundles tells whose it prints", async () => {
  await using home = await Home.make();
  const folder = await twoBundles(home);
  const run = await home.run(["content", "definition", folder]);
  assertEquals([run.status, run.stdout, run.stderr], [
    0,
    DEFINITION_YAML,
    `Warning: "${folder}" holds the bundles edge-site, edge-2; this is the definition of edge-site\n`,
  ]);
  const one = await home.run(["content", "definition", `${home.root}/b.tar.zst`]);
  assertEquals([one.status, one.stderr], [0, ""]);
});

Deno.test("content serve of a layout with two bundles names both", async () => {
  await using home = await Home.make();
  const file = await twoBundles(home);
  let address = "";
  const run = await serving({ home, file }, ["--host", "127.0.0.1"], (host) => {
    address = host;
    return Promise.resolve();
  });
  assertEquals([run.status, run.stdout.split("\n").slice(3)], [0, [
    `local bundle edge-site pushed to ${address}/bundle`,
    `local bundle edge-2 pushed to ${address}/bundle`,
    "",
  ]]);
});
