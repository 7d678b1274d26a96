import { assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { EDGE_TOKEN, FakeEdgeHost } from "../support/edge_host.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { Home } from "../support/home.ts";
import { definitionArchive } from "../support/palette/content_state.ts";
import { openOfficialDescription } from "../support/palette/official.ts";

const file = Deno.env.get("EDGE_OPENAPI");

/** What no description has: the wire protocol of chunks is not public. */
const OURS = /^\/v1\/edge-mgmt\/edgehosts\/current\/content\/uploads(\/|$)/;

/** Every call that an upload makes, chunked and in one stream, of a bundle and a definition. */
async function uploads(host: FakeEdgeHost): Promise<void> {
  await using home = await Home.make();
  const [bundle, definition] = [`${home.root}/b.tgz`, `${home.root}/d.tgz`];
  await Deno.writeFile(bundle, gzipSync("no tar"));
  await Deno.writeFile(definition, definitionArchive("spec: {}\n"));
  await Deno.writeTextFile(`${home.root}/b.sig.bin`, "signature");
  for (
    const args of [
      ["-f", bundle],
      ["-f", bundle, "--legacy"],
      [`--cluster-export=${definition}`],
      [`--cluster-export=${definition}`, "--legacy"],
    ]
  ) {
    const result = await home.run(
      [
        ...["content", "upload", "127.0.0.1", "--no-tls", "-p", `${host.port}`],
        ...args,
      ],
      { clock: new FakeClock(), env: { PALETTE_UPLOAD_TOKEN: EDGE_TOKEN } },
    );
    assertEquals(result.status, 0, result.stderr);
  }
}

Deno.test({
  name:
    "uploads and answers of the stand-in fit the description of Edge hosts (needs EDGE_OPENAPI)",
  ignore: file === undefined,
  async fn() {
    const description = await openOfficialDescription(file ?? "");
    await using host = await FakeEdgeHost.start({ archType: "amd64" });
    await uploads(host);
    const used = new Set<string>();
    for (const { method, path, status, answer, form } of host.requests) {
      if (OURS.test(path)) continue;
      const id = description.operationId(method, path);
      used.add(`${id} ${status}`);
      assertEquals(description.checkAnswer(method, path, status, answer), [], `${method} ${path}`);
      const names = description.formNames(method, path);
      assertEquals(form.filter((name) => !names.includes(name)), []);
    }
    assertEquals([...used].sort(), [
      "V1ClusterConfigUpload 201",
      "V1ContentUpload 201",
      "V1GetContentSigningPublicKey 404",
      "v1UploadedContentDetails 200",
    ]);
  },
});
