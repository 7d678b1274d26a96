import { assertEquals } from "@std/assert";
import { EarlyFlush } from "../../lib/runtime/early_flush.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { inTempFolder } from "../support/temp_folder.ts";

const MEBIBYTE = 1024 * 1024;

Deno.test("a large file is whole after it was flushed early", () =>
  inTempFolder(async (folder) => {
    const path = `${folder}/large`;
    const writer = await systemFiles().openWriter(path, "new", 0o600);
    for (let at = 0; at < 100; at++) await writer.write(new Uint8Array(MEBIBYTE).fill(at));
    await writer.flush();
    writer.close();
    const bytes = await Deno.readFile(path);
    assertEquals(bytes.length, 100 * MEBIBYTE);
    assertEquals(Array.from({ length: 100 }, (_, at) => bytes[at * MEBIBYTE]), [
      ...Array(100).keys(),
    ]);
  }));

Deno.test("EarlyFlush leaves failures to the flush at the end", async () => {
  const early = new EarlyFlush("/nowhere/file");
  early.wrote(40 * MEBIBYTE);
  early.wrote(40 * MEBIBYTE);
  await early.end();
});
