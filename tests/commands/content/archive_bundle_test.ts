import { assertEquals, assertRejects } from "@std/assert";
import { withFolderOf } from "../../../lib/commands/content/archive_bundle.ts";
import { UserError } from "../../../lib/errors.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { inTempFolder, namesIn } from "../../support/temp_folder.ts";

const files = systemFiles();

Deno.test("withFolderOf() takes back the empty folders that it made, and no others", () =>
  inTempFolder(async (folder) => {
    const fail = (path: string, before: () => Promise<void> = async () => {}) =>
      assertRejects(
        () =>
          withFolderOf(`${folder}/${path}`, files, async () => {
            await before();
            throw new Error("stopped");
          }),
        Error,
        "stopped",
      );
    await fail("a/b/file");
    assertEquals(namesIn(folder), []);
    await Deno.mkdir(`${folder}/there`);
    await fail("there/file");
    await fail("there/new/file");
    assertEquals([namesIn(folder), namesIn(`${folder}/there`)], [["there"], []]);
    await fail("c/d/file", () => Deno.writeTextFile(`${folder}/c/other`, ""));
    assertEquals(namesIn(`${folder}/c`), ["other"]);
    assertEquals(await withFolderOf(`${folder}/e/f/file`, files, () => Promise.resolve(1)), 1);
    assertEquals(namesIn(`${folder}/e`), ["f"]);
  }));

Deno.test("withFolderOf() tells of a place that can have no folder before the work", () =>
  inTempFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const path = `${folder}/file/below/b.tar.zst`;
    const work = () => Promise.reject(new Error("begun"));
    const { code } = await assertRejects(() => withFolderOf(path, files, work), UserError);
    assertEquals(code, "io");
  }));
