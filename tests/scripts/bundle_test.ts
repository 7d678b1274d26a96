import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { bundle } from "../../scripts/bundle.ts";
import { writeBundleFile } from "../support/bundle_file.ts";
import { VERSION } from "../../lib/version.ts";
import { Home } from "../support/home.ts";

Deno.test("the bundle is one file that runs with plain deno run and says what the source says", async () => {
  await using home = await Home.make();
  const folder = `${home.root}/a folder`;
  await Deno.mkdir(folder);
  const file = `${folder}/palette.js`;
  await bundle("0123456789ab", file);
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-config",
        "--no-lock",
        "--no-remote",
        "--no-npm",
        "--cached-only",
        file,
        ...args,
      ],
      env: { HOME: home.root, NO_COLOR: "1", PALETTE_ENCRYPTION_PASSWORD: "Correct-Horse-9" },
      cwd: folder,
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  };
  assertEquals((await run("version")).stdout, `Palette CLI version: ${VERSION}\n`);
  assertEquals(JSON.parse((await run("version", "-o", "json")).stdout).commit, "0123456789ab");
  const help = await home.run(["--help"], { env: { NO_COLOR: "1" } });
  for (const args of [[], ["--help"], ["help"], ["-h"]]) {
    assertEquals((await run(...args)).stdout, help.stdout);
  }
  assertStringIncludes((await run("project", "lst")).stderr, "Did you mean list?");
  // What is loaded late is in the file, too: prompts, YAML editing, tar.
  await home.seed({ endpoint: "https://console.example.com" });
  assertEquals((await run("config", "verify")).code, 0);
  assertMatch((await run("logout")).stdout, /^Logged out/);
  assertEquals((await run("support-bundle")).code, 0);
  const sample = `${folder}/sample.tar.zst`;
  await writeBundleFile(sample);
  assertMatch((await run("content", "verify", sample)).stdout, /^Content OK/);
  assertNotMatch(await Deno.readTextFile(file), /windmill|lib\/errors\.ts/);
});
