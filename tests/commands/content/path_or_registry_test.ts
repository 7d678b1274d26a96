/** Texts that may be a path or the address of a registry: what is on this machine decides. */

import { assertEquals } from "@std/assert";
import { joinPath, systemFiles } from "../../../lib/runtime/files.ts";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { errorOf, Home, type RunResult } from "../../support/home.ts";

async function scene(): Promise<Home> {
  const home = await Home.make();
  await Deno.mkdir(`${home.root}/full`);
  await writeBundleFile(`${home.root}/full/full.tar.zst`);
  return home;
}

/** As from a shell in the home folder. */
function run(home: Home, ...args: string[]): Promise<RunResult> {
  const absolute = (path: string) => path.startsWith("/") ? path : joinPath(home.root, path);
  return home.run(["content", ...args], { files: { ...systemFiles(), absolute } });
}

for (
  const [args, message, hint] of [
    [
      ["copy", "-s", "full/full.tar.zst", "-d", "full/lay"],
      'Cannot tell what "full/lay" of --destination is: "full" is a folder here',
      "Write ./full/lay for a folder, or https://full/lay for a registry",
    ],
    [
      ["save", "-s", "full/full.tar.zst"],
      'Cannot save "full/full.tar.zst" of --source: it is on this machine, not in a registry',
      "Copy it with palette content copy, or write https://full/full.tar.zst for a registry",
    ],
    [
      ["save", "-s", "./full/full.tar.zst"],
      'Cannot save "./full/full.tar.zst" of --source: it is on this machine, not in a registry',
      "Copy it with palette content copy",
    ],
    ...["zip", "tgz", "tar.gz", "zst"].map((ending) =>
      [
        ["copy", "-s", "full/full.tar.zst", "-d", `./z.${ending}`],
        `Cannot write "./z.${ending}" of --destination: no archive has such a name here`,
        "Let it end in .tar.zst or .tar; any other name is one of a folder",
      ] as const
    ),
  ] as const
) {
  Deno.test(`content ${args.join(" ")} tells a path from a registry`, async () => {
    await using home = await scene();
    const before = await home.files();
    const result = await run(home, ...args, "--format", "json");
    const error = errorOf(result);
    assertEquals([result.status, result.stdout, error["code"], error["message"], error["hint"]], [
      1,
      "",
      "usage",
      message,
      hint,
    ]);
    assertEquals(await home.files(), before);
  });
}

Deno.test("content list takes a folder that is there, a layout itself, and tells of none", async () => {
  await using home = await scene();
  const { root } = home;
  const content = (...args: string[]) => run(home, ...args);
  assertEquals((await content("copy", "-s", "full/full.tar.zst", "-d", "./full/lay")).status, 0);
  for (const place of ["full", "full/", "./full"]) {
    const listed = await content("list", "-r", place);
    assertEquals([listed.status, listed.stdout, listed.stderr], [
      0,
      `Listing bundles\nfile://${root}/full/full.tar.zst\nfile://${root}/full/lay\n`,
      "",
    ]);
  }
  const layout = await content("list", "-r", "full/lay", "--format", "json");
  assertEquals([layout.status, JSON.parse(layout.stdout).items], [0, [
    { name: "lay", reference: `file://${root}/full/lay` },
  ]]);
  await Deno.mkdir(`${root}/empty`);
  const none = await content("list", "-r", "./empty");
  assertEquals([none.status, none.stdout, none.stderr], [
    1,
    "",
    'Error: no bundles found in "./empty"\n' +
    "Hint: Name the folder that holds archives or layouts; those below it are not looked into\n",
  ]);
});
