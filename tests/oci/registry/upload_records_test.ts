import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { type UploadRecords, uploadRecords } from "../../../lib/oci/registry/upload_records.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { blobOf, noise, opening, testRegistry } from "../../support/registry_client.ts";
import { problem, StubRegistry } from "../../support/stub_registry.ts";

const KIB = 1024;
const CHUNK = 256 * KIB;
const bytes = noise(1000 * KIB);
const layer = await blobOf(bytes);
const SESSION = "/v2/a/blobs/uploads/session-1";

class Place implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make() {
    return new Place(`${await Deno.makeTempDir({ prefix: "palette-uploads-" })}/uploads`);
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.folder.replace(/\/uploads$/, ""), { recursive: true });
  }

  open(): UploadRecords {
    return uploadRecords(this.folder, { files: systemFiles(), crypto: systemCrypto() });
  }

  names(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name);
  }
}

/** A run that stops in the third part, of which half arrives. */
async function stoppedRun(stub: StubRegistry, place: Place): Promise<void> {
  stub.restart();
  let parts = 0;
  let isDown = false;
  stub.intercepts.push(({ method }) => {
    if (method === "PATCH" && ++parts === 3) {
      isDown = true;
      stub.uploads.set(SESSION, bytes.slice(0, 2 * CHUNK + 1000));
    }
    return isDown ? problem(503, "UNAVAILABLE") : null;
  });
  using test = testRegistry(stub.host, { chunkBytes: CHUNK, retries: 0, records: place.open() });
  await assertRejects(() => test.client.putBlob("a", layer, opening(bytes)), UserError);
  stub.intercepts.length = 0;
  stub.requests.length = 0;
}

Deno.test("the next run goes on where an upload was stopped", async () => {
  await using place = await Place.make();
  await using stub = new StubRegistry();
  await stoppedRun(stub, place);
  const [name = ""] = place.names();
  assertEquals((Deno.statSync(`${place.folder}/${name}`).mode ?? 0) & 0o777, 0o600);
  const offsets: number[] = [];
  using test = testRegistry(stub.host, { chunkBytes: CHUNK, records: place.open() });
  const outcome = await test.client.putBlob("a", layer, (offset) => {
    offsets.push(offset);
    return opening(bytes)(offset);
  });
  assertEquals([outcome, offsets], ["uploaded", [2 * CHUNK + 1000]]);
  assertEquals(stub.blobs.get(layer.digest), bytes);
  assertEquals(stub.requests.map(({ method }) => method), [
    ...["GET", "HEAD", "GET", "PATCH", "PATCH", "PUT"],
  ]);
  assertEquals(place.names(), []);
});

const LOST: [string, (stub: StubRegistry, place: Place) => unknown][] = [
  ["the registry has lost", (stub) => stub.uploads.clear()],
  ["has more than the blob", (stub) => stub.uploads.set(SESSION, noise(bytes.length + 1))],
  [
    "leads to a place that is not safe",
    (stub, place) => place.open().save(`${stub.host}/a@${layer.digest}`, "file:///etc/passwd"),
  ],
  [
    "has a broken record",
    (_, place) => Deno.writeTextFile(`${place.folder}/${place.names()[0]}`, "{"),
  ],
  [
    "has the record of another",
    (_, place) => Deno.writeTextFile(`${place.folder}/${place.names()[0]}`, '{"key":"x"}'),
  ],
];

for (const [name, lose] of LOST) {
  Deno.test(`an upload that ${name} begins again`, async () => {
    await using place = await Place.make();
    await using stub = new StubRegistry();
    await stoppedRun(stub, place);
    await lose(stub, place);
    using test = testRegistry(stub.host, { chunkBytes: CHUNK, records: place.open() });
    assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
    assertEquals(stub.blobs.get(layer.digest), bytes);
    assertEquals(stub.lines(/PATCH/).length, 4);
    assertEquals(place.names(), []);
  });
}

Deno.test("other bytes in the upload are found out, and it begins again", async () => {
  await using place = await Place.make();
  await using stub = new StubRegistry();
  await stoppedRun(stub, place);
  stub.uploads.set(SESSION, noise(2 * CHUNK, 8));
  using test = testRegistry(stub.host, { chunkBytes: CHUNK, records: place.open() });
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), bytes);
  assertEquals(place.names(), []);
});

Deno.test("an upload that was stopped before its end was confirmed is only confirmed", async () => {
  await using place = await Place.make();
  await using stub = new StubRegistry();
  await stoppedRun(stub, place);
  stub.uploads.set(SESSION, bytes);
  using test = testRegistry(stub.host, { chunkBytes: CHUNK, records: place.open() });
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(stub.lines(/PATCH|POST/), []);
  await stoppedRun(stub, place);
  stub.blobs.clear();
  stub.uploads.set(SESSION, noise(bytes.length, 5));
  using again = testRegistry(stub.host, { chunkBytes: CHUNK, records: place.open() });
  assertEquals(await again.client.putBlob("a", layer, opening(bytes)), "uploaded");
  assertEquals(stub.blobs.get(layer.digest), bytes);
});

Deno.test("a folder that cannot be used costs the resume, not the upload", async () => {
  await using place = await Place.make();
  await Deno.writeTextFile(place.folder, "in the way");
  await using stub = new StubRegistry();
  using test = testRegistry(stub.host, { chunkBytes: CHUNK, records: place.open() });
  assertEquals(await test.client.putBlob("a", layer, opening(bytes)), "uploaded");
});
