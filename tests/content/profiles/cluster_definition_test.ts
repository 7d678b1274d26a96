import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import {
  checkClusterDefinition,
  definitionFileName,
} from "../../../lib/content/profiles/cluster_definition.ts";
import { tarGzipOf } from "../../support/pack_folder.ts";
import { definitionArchive } from "../../support/palette/content_state.ts";

Deno.test("checkClusterDefinition() takes an archive with a folder spc/", async () => {
  await checkClusterDefinition(definitionArchive("x"));
  await checkClusterDefinition(await tarGzipOf({ "./spc/a/b.json": "{}", "other": "" }));
});

const whole = definitionArchive("x".repeat(3_000));
for (
  const [title, bytes, reason] of [
    [
      "an error in JSON",
      new TextEncoder().encode('{"code":"Oops","message":"no such profile"}'),
      "it is an error in JSON: no such profile",
    ],
    ["any JSON", new TextEncoder().encode("{}"), "it is an error in JSON"],
    ["a page of a proxy", new TextEncoder().encode("<html>"), "it is no gzip archive"],
    ["nothing", new Uint8Array(), "it is no gzip archive"],
    ["an archive of others", await tarGzipOf({ "x/spc": "" }), "there is no folder spc/ in it"],
    ["one cut short", whole.slice(0, -9), "it is damaged or cut short"],
    [
      "one with a path that leads out",
      await tarGzipOf({ "spc/a": "", "../x": "" }),
      '"../x" leads out of it',
    ],
  ] as const
) {
  Deno.test(`checkClusterDefinition() refuses ${title}`, async () => {
    const error = await assertRejects(() => checkClusterDefinition(bytes), UserError);
    assertEquals(error.code, "api");
    assertEquals(error.message, `Palette sent no cluster definition: ${reason}`);
  });
}

Deno.test("definitionFileName() takes a name with or without .tgz, and no path", () => {
  assertEquals(["a", "a.tgz", "a.b-1_2"].map(definitionFileName), [
    "a.tgz",
    "a.tgz",
    "a.b-1_2.tgz",
  ]);
  for (const name of ["", ".tgz", "../a", "a/b", "..", ".a", "a b"]) {
    assertThrows(() => definitionFileName(name), UserError, "cannot be the name");
  }
});
