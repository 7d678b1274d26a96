import { assertEquals, assertRejects } from "@std/assert";
import { itemsOf } from "../../../lib/content/bundle.ts";
import { openArchive } from "../../../lib/content/archive/open_archive.ts";
import { writeBundle } from "../../../lib/content/transfer/write_bundle.ts";
import { UserError } from "../../../lib/errors.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { MemoryContent } from "../../support/memory_content.ts";
import { manyImages } from "../../support/sample_bundle.ts";
import { inTempFolder, namesIn } from "../../support/temp_folder.ts";

const files = systemFiles();
const crypto = systemCrypto();

function write(path: string, count: number) {
  return writeBundle(path, {
    items: itemsOf(manyImages(count)),
    annotations: { "palette.bundle.name": "many" },
    inventory: { manifests: new Map(), blobs: new Map(), byItem: [] },
    source: new MemoryContent(),
  }, { files, crypto, level: 1, mtimeSeconds: 0 });
}

Deno.test("writeBundle() writes no bundle that nobody could open", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/b.tar.zst`;
    const { code, message } = await assertRejects(() => write(path, 14_000), UserError);
    assertEquals([code, message.replace(/ \d{7} /, " N ")], [
      "validation",
      "Cannot write a bundle of 14000 items: its index.json has N bytes, more than 4194304",
    ]);
    assertEquals(namesIn(folder), []);
    await write(path, 9000);
    const bundle = await openArchive(path, { files, crypto, spoolFolder: `${folder}/spool` });
    assertEquals(bundle.items.length, 9000);
    bundle.close();
  }));
