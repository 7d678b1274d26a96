import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { hexOf } from "../../../lib/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../../lib/oci/media_types.ts";
import { MemoryContent } from "../../support/memory_content.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";
import { type PushRegistry, startPushRegistry } from "../../support/push_registry.ts";

const NAME = "bundle/docker.io/library/nginx";
const BYTES = new TextEncoder().encode("0123456789".repeat(10));
const DIGEST = `sha256:${createHash("sha256").update(BYTES).digest("hex")}`;
const NONE = `sha256:${"0".repeat(64)}`;

interface Answer {
  status: number;
  headers: Headers;
  /** Code and message, when there is an error. */
  error: [string, string] | null;
}

async function send({ host }: PushRegistry, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(`http://${host}${path}`, init);
  const text = await response.text();
  const [error] = text.startsWith(`{"errors"`) ? JSON.parse(text).errors : [];
  return {
    status: response.status,
    headers: response.headers,
    error: error === undefined ? null : [error.code, error.message],
  };
}

async function begin(registry: PushRegistry): Promise<string> {
  const { status, headers } = await send(registry, `/v2/${NAME}/blobs/uploads/`, {
    method: "POST",
  });
  assertEquals([status, headers.get("range")], [202, "0-0"]);
  return headers.get("location") ?? "";
}

/** Names of all files of the registry. */
function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesOf(`${folder}/${name}`).map((below) => `${name}/${below}`) : [name]
  ).sort();
}

const BLOB_FILE = `blobs/sha256/${DIGEST.slice("sha256:".length)}`;

Deno.test("a blob can be pushed in one request, in two, and in pieces", async () => {
  const ways: ((registry: PushRegistry) => Promise<Answer>)[] = [
    (registry) =>
      send(registry, `/v2/${NAME}/blobs/uploads/?digest=${DIGEST}`, {
        method: "POST",
        body: BYTES,
      }),
    async (registry) =>
      await send(registry, `${await begin(registry)}?digest=${DIGEST}`, {
        method: "PUT",
        body: BYTES,
      }),
    async (registry) => {
      const location = await begin(registry);
      const patch = (from: number, to: number) =>
        send(registry, location, {
          method: "PATCH",
          body: BYTES.slice(from, to),
          headers: { "content-range": `${from}-${to - 1}` },
        });
      const first = await patch(0, 40);
      assertEquals([first.status, first.headers.get("range")], [202, "0-39"]);
      const gap = await patch(50, 60);
      assertEquals([gap.status, gap.error, gap.headers.get("range")], [
        416,
        ["BLOB_UPLOAD_INVALID", "the upload goes on at byte 40"],
        "0-39",
      ]);
      const state = await send(registry, location);
      assertEquals([state.status, state.headers.get("range")], [204, "0-39"]);
      assertEquals((await patch(40, 90)).status, 202);
      return await send(registry, `${location}?digest=${DIGEST}`, {
        method: "PUT",
        body: BYTES.slice(90),
        headers: { "content-range": "90-99" },
      });
    },
  ];
  for (const push of ways) {
    await using registry = await startPushRegistry();
    const { status, headers } = await push(registry);
    assertEquals([status, headers.get("location"), headers.get("docker-content-digest")], [
      201,
      `/v2/${NAME}/blobs/${DIGEST}`,
      DIGEST,
    ]);
    assertEquals(filesOf(registry.folder), [BLOB_FILE, "index.json", "oci-layout"]);
    assertEquals(await Deno.readFile(`${registry.folder}/${BLOB_FILE}`), BYTES);
  }
});

Deno.test("what does not have the announced digest is not kept", async () => {
  await using registry = await startPushRegistry();
  const location = await begin(registry);
  const wrong = await send(registry, `${location}?digest=${NONE}`, { method: "PUT", body: BYTES });
  assertEquals([wrong.status, wrong.error], [400, [
    "DIGEST_INVALID",
    `the 100 bytes that came have the digest ${DIGEST}`,
  ]]);
  const gone = await send(registry, location);
  assertEquals([gone.status, gone.error?.[0]], [404, "BLOB_UPLOAD_UNKNOWN"]);
  const none = await send(registry, `/v2/${NAME}/blobs/uploads/?digest=md5:1`, {
    method: "POST",
    body: BYTES,
  });
  assertEquals([none.status, none.error], [400, [
    "DIGEST_INVALID",
    `"md5:1" is no sha256 digest`,
  ]]);
  assertEquals(filesOf(registry.folder), ["index.json", "oci-layout"]);
});

Deno.test("an upload is known to its own repository, and can be given up", async () => {
  await using registry = await startPushRegistry();
  const location = await begin(registry);
  const other = await send(registry, location.replace(NAME, "bundle/other"), { method: "PATCH" });
  assertEquals(other.status, 404);
  assertEquals((await send(registry, location, { method: "DELETE" })).status, 204);
  assertEquals((await send(registry, location)).status, 404);
  assertEquals(filesOf(registry.folder), ["index.json", "oci-layout"]);
});

Deno.test("a connection that breaks leaves what arrived, and the upload goes on there", async () => {
  await using registry = await startPushRegistry();
  const location = await begin(registry);
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(BYTES.slice(0, 30)),
  });
  const stop = new AbortController();
  const broken = fetch(`http://${registry.host}${location}`, {
    method: "PATCH",
    body,
    signal: stop.signal,
  }).catch(() => "broken");
  for (let range = ""; range !== "0-29";) {
    range = (await send(registry, location)).headers.get("range") ?? "";
  }
  const busy = await send(registry, location, { method: "PATCH", body: "x" });
  assertEquals([busy.status, busy.error?.[1]], [409, "another request writes to this upload"]);
  stop.abort();
  assertEquals(await broken, "broken");
  let last: Answer;
  do {
    last = await send(registry, `${location}?digest=${DIGEST}`, {
      method: "PUT",
      body: BYTES.slice(30),
    });
  } while (last.status === 409);
  assertEquals(last.status, 201);
  assertEquals(registry.warnings, []);
});

Deno.test("a blob that is there is mounted; one that is not begins an upload", async () => {
  await using registry = await startPushRegistry();
  await send(registry, `/v2/a/b/blobs/uploads/?digest=${DIGEST}`, { method: "POST", body: BYTES });
  const mount = (digest: string) =>
    send(registry, `/v2/${NAME}/blobs/uploads/?mount=${digest}&from=a/b`, { method: "POST" });
  const there = await mount(DIGEST);
  assertEquals([there.status, there.headers.get("location")], [
    201,
    `/v2/${NAME}/blobs/${DIGEST}`,
  ]);
  assertEquals((await mount(NONE)).status, 202);
});

async function putManifest(
  registry: PushRegistry,
  selector: string,
  body: Uint8Array<ArrayBuffer> | string,
  type = OCI_MANIFEST,
): Promise<Answer> {
  return await send(registry, `/v2/${NAME}/manifests/${selector}`, {
    method: "PUT",
    body,
    headers: { "content-type": type },
  });
}

Deno.test("a manifest is refused when it is none, too large, or lists what is not there", async () => {
  await using registry = await startPushRegistry();
  const content = new MemoryContent();
  const image = await content.putImage(["x"]);
  const { config, layers: [layer] } = JSON.parse(new TextDecoder().decode(content.bytes(image)));
  const refused = async (selector: string, body: Uint8Array<ArrayBuffer> | string) => {
    const { status, error } = await putManifest(registry, selector, body);
    return [status, ...error ?? []];
  };
  assertEquals(await refused("1", content.bytes(image)), [
    400,
    "MANIFEST_BLOB_UNKNOWN",
    `the manifest lists what is not here: ${config.digest}, ${layer.digest}`,
  ]);
  assertEquals(await refused("1", "{"), [
    400,
    "MANIFEST_INVALID",
    "Cannot use the manifest of this request: Expected property name or '}' in JSON at position 1 " +
    "(line 1 column 2)",
  ]);
  assertEquals(await refused(NONE, content.bytes(image)), [
    400,
    "DIGEST_INVALID",
    `the manifest has the digest ${image.digest}`,
  ]);
  assertEquals(await refused("1", " ".repeat(4 * 1024 * 1024 + 1)), [
    413,
    "SIZE_INVALID",
    "a manifest has at most 4194304 bytes",
  ]);
  assertEquals(filesOf(registry.folder), ["index.json", "oci-layout"]);
});

const needsSkopeo = { ignore: !hasProgram("skopeo") };

async function skopeoCopy(from: string, to: string): Promise<void> {
  const args = ["copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", from, to];
  const { status, stderr } = await runProgram("skopeo", args);
  assertEquals([status, stderr], [0, ""]);
}

Deno.test(
  "skopeo pushes an index, and a registry opened later gives it back",
  needsSkopeo,
  async () => {
    const content = new MemoryContent();
    const index = await content.putMultiArch("y".repeat(300_000));
    const work = await Deno.makeTempDir({ prefix: "palette-push-" });
    try {
      await Deno.mkdir(`${work}/source/blobs/sha256`, { recursive: true });
      const write = async (digest: `sha256:${string}`) => {
        const bytes = content.bytes({ digest, size: 0, mediaType: "" });
        await Deno.writeFile(`${work}/source/blobs/sha256/${hexOf(digest)}`, bytes);
        return JSON.parse(new TextDecoder().decode(bytes));
      };
      const { manifests } = await write(index.digest);
      for (const { digest } of manifests) {
        const { config, layers } = await write(digest);
        await write(config.digest);
        for (const layer of layers) {
          await Deno.writeFile(
            `${work}/source/blobs/sha256/${hexOf(layer.digest)}`,
            content.bytes(layer),
          );
        }
      }
      await Deno.writeTextFile(`${work}/source/oci-layout`, `{"imageLayoutVersion":"1.0.0"}`);
      await Deno.writeTextFile(
        `${work}/source/index.json`,
        JSON.stringify({ schemaVersion: 2, manifests: [index] }),
      );
      const folder = `${work}/registry`;
      {
        await using registry = await startPushRegistry(folder);
        await skopeoCopy(`oci:${work}/source`, `docker://${registry.host}/${NAME}:1.25`);
        assertEquals(registry.warnings, []);
      }
      const { manifests: listed } = JSON.parse(await Deno.readTextFile(`${folder}/index.json`));
      assertEquals(listed, [{
        mediaType: OCI_INDEX,
        digest: index.digest,
        size: index.size,
        annotations: { "org.opencontainers.image.ref.name": "docker.io/library/nginx:1.25" },
      }]);
      await using registry = await startPushRegistry(folder);
      await skopeoCopy(`docker://${registry.host}/${NAME}:1.25`, `oci:${work}/back:x`);
      assertEquals(filesOf(`${work}/back/blobs`), filesOf(`${work}/source/blobs`));
      // What is there already is not sent again.
      await skopeoCopy(`oci:${work}/source`, `docker://${registry.host}/${NAME}:1.26`);
      assertEquals(registry.requests.filter((line) => line.startsWith("PATCH")), []);
      const tags = await (await fetch(`http://${registry.host}/v2/${NAME}/tags/list`)).json();
      assertEquals(tags, { name: NAME, tags: ["1.25", "1.26"] });
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  },
);

Deno.test("what is attached to an image is listed with it, in this run and the next", async () => {
  const content = new MemoryContent();
  const image = await content.putImage(["x"]);
  const sbom = content.putArtifact("application/spdx+json", "sbom", image);
  const folder = await Deno.makeTempDir({ prefix: "palette-push-" });
  const referrers = async ({ host }: PushRegistry) => {
    const response = await fetch(`http://${host}/v2/${NAME}/referrers/${image.digest}`);
    return (await response.json()).manifests.map(({ digest }: { digest: string }) => digest);
  };
  try {
    {
      await using registry = await startPushRegistry(folder);
      for (const manifest of [image, sbom]) {
        const { config, layers } = JSON.parse(new TextDecoder().decode(content.bytes(manifest)));
        for (const blob of [config, ...layers]) {
          await send(registry, `/v2/${NAME}/blobs/uploads/?digest=${blob.digest}`, {
            method: "POST",
            body: content.bytes(blob),
          });
        }
      }
      const pushed = await putManifest(registry, "1.25", content.bytes(image));
      assertEquals([pushed.status, pushed.headers.get("oci-subject")], [201, null]);
      assertEquals(pushed.headers.get("location"), `/v2/${NAME}/manifests/${image.digest}`);
      const attached = await putManifest(registry, sbom.digest, content.bytes(sbom));
      assertEquals([attached.status, attached.headers.get("oci-subject")], [201, image.digest]);
      assertEquals(await referrers(registry), [sbom.digest]);
    }
    await using registry = await startPushRegistry(folder);
    assertEquals(await referrers(registry), [sbom.digest]);
    assertEquals(registry.warnings, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
