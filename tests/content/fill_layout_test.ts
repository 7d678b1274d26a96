import { assertEquals, assertRejects } from "@std/assert";
import { fillLayout } from "../../lib/content/fill_layout.ts";
import { itemsOf } from "../../lib/content/bundle.ts";
import { UserError } from "../../lib/errors.ts";
import { Layout } from "../../lib/oci/layout.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { MemoryContent } from "../support/memory_content.ts";
import { manyImages } from "../support/sample_bundle.ts";
import { inTempFolder } from "../support/temp_folder.ts";

Deno.test("fillLayout() refuses more than an index takes before it brings a blob", () =>
  inTempFolder(async (folder) => {
    const parts = { files: systemFiles(), crypto: systemCrypto() };
    const layout = await Layout.make(folder, parts);
    const source = new MemoryContent();
    const web = await source.putImage(["web"]);
    const items = itemsOf([web, ...manyImages(14_000)]);
    const error = await assertRejects(() =>
      fillLayout({ source, annotations: {} }, items, layout, {
        ...parts,
        signal: new AbortController().signal,
        onProgress: () => {},
      }), UserError);
    assertEquals([error.code, error.message.replace(/ \d{7} /, " N ")], [
      "validation",
      "Cannot write a bundle of 14001 items: its index.json has N bytes, more than 4194304",
    ]);
    assertEquals([...Deno.readDirSync(`${folder}/blobs/sha256`)], []);
    assertEquals(source.opened, []);
  }));
