/** Whoever names a bundle that is not there is told what is. */

import { assertEquals } from "@std/assert";
import { Home } from "../../support/home.ts";

const COMMANDS: [string, (path: string) => string[]][] = [
  ["verify", (path) => [path]],
  ["verify --key", (path) => [path, "--key", "key.pem"]],
  ["push", (path) => ["-f", path, "-r", "example.com/base"]],
  ["serve", (path) => ["-b", path, "-p", "0"]],
  ["definition", (path) => [path]],
];

for (const [name, argsOf] of COMMANDS) {
  Deno.test(`content ${name} of a file that is not there tells what is`, async () => {
    await using home = await Home.make();
    const { root } = home;
    await Deno.mkdir(`${root}/bundles`);
    for (const file of ["edge-1.tar.zst", "edge-3.tar.zst.001", "edge-2.sig.bin", "other.tar"]) {
      await Deno.writeTextFile(`${root}/bundles/${file}`, "");
    }
    await Deno.mkdir(`${root}/empty`);
    // A folder that holds no bundle is not meant, however near its name is.
    await Deno.mkdir(`${root}/bundles/edge-4`);
    await Deno.mkdir(`${root}/layouts/edge-1`, { recursive: true });
    await Deno.writeTextFile(`${root}/layouts/edge-1/index.json`, "{}");
    const before = await home.files();
    for (
      const [path, hint] of [
        [
          `${root}/bundles/edge-2.tar.zst`,
          'Did you mean "edge-1.tar.zst", "edge-3.tar.zst.001"?',
        ],
        [
          `${root}/empty/edge-2.tar.zst`,
          `palette content list --repo "${root}/empty" tells which bundles are there`,
        ],
        [`${root}/layouts/edge-2.tar.zst`, 'Did you mean "edge-1"?'],
        [`${root}/none/edge-2.tar.zst`, `There is no folder "${root}/none" that can be read`],
      ] as const
    ) {
      const result = await home.run(["content", name.split(" ")[0] ?? "", ...argsOf(path)]);
      assertEquals([result.status, result.stdout, result.stderr], [
        1,
        "",
        `Error: cannot open "${path}": no such file or folder\nHint: ${hint}\n`,
      ]);
    }
    assertEquals(await home.files(), before);
  });
}
