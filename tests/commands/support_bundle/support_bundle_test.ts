import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { unpackTar } from "modern-tar";
import { startFakePalette } from "../../support/palette/fake_palette.ts";
import { ADMIN_KEY, DEV_PROJECT } from "../../support/palette/state.ts";
import { errorOf, Home, PASSPHRASE } from "../../support/home.ts";
import { VERSION } from "../../../lib/version.ts";

/** Texts of an archive by their names below its folder. */
async function unpack(path: string): Promise<Record<string, string>> {
  const file = await Deno.open(path);
  const tar = file.readable.pipeThrough(new DecompressionStream("gzip"));
  const entries = await unpackTar(tar);
  return Object.fromEntries(entries.map(({ header, data }) => [
    header.name.slice(header.name.indexOf("/") + 1),
    new TextDecoder().decode(data),
  ]));
}

Deno.test("support-bundle holds logs, versions and configuration", async () => {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  await home.run(["whoami", "--log-level", "trace"]);
  const path = `${home.root}/bundle.tgz`;
  const result = await home.run(["support-bundle", "--output-file", path]);
  assertEquals(result, { ...result, status: 0, stdout: `${path}\n`, stderr: "", derivations: 0 });
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  const contents = await unpack(path);
  assertEquals(Object.keys(contents).sort(), [
    "logs/palette.log",
    "palette.yaml",
    "versions.json",
    "workspace.txt",
  ]);
  assertStringIncludes(contents["palette.yaml"] ?? "", "projectName: dev-team");
  assertStringIncludes(contents["logs/palette.log"] ?? "", "/v1/users/info");
  assertEquals(JSON.parse(contents["versions.json"] ?? "").palette, VERSION);
  assertMatch(contents["workspace.txt"] ?? "", /^0600 +\d+ palette\.yaml$/m);
});

Deno.test("support-bundle holds nothing secret, whatever the state of the file", async () => {
  await using palette = await startFakePalette();
  const canaries = [
    "C4NARY-plain",
    "C4NARY-comment",
    "C4NARY-unknown",
    "C4NARY-proxy",
    "C4NARY-log",
    "C4NARY-list",
    "C4NARY-map",
    "C4NARY-key",
    "C4NARY-note",
  ];
  const variables = {
    PALETTE_API_KEY: ADMIN_KEY,
    PALETTE_NEW_ENCRYPTION_PASSWORD: "C4NARY-new-passphrase",
    AWS_SECRET_ACCESS_KEY: "C4NARY/aws",
    AZURE_CLIENT_SECRET: "C4NARY~azure",
  };
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, ubuntuToken: "C4NARY-token" });
  const config = await home.config();
  const guessingKit = [...config.matchAll(/(?:salt|verifier|fileId): "([\w-]+)"/g)]
    .map((match) => match[1] ?? "");
  const tokens = [...config.matchAll(/enc:v1:([\w-]+)/g)].map((match) => match[1] ?? "");
  assertEquals([guessingKit.length, tokens.length], [3, 2]);
  await Deno.writeTextFile(
    home.configFile,
    config.replace(
      "  ubuntuConfig:",
      `  # apikey was ${canaries[1]}
  scarConfig: { scarPassword: ${canaries[0]} }
  somethingPassword: ${canaries[2]}
  myPasswords: { db: ${canaries[6]}, list: [${canaries[5]}, [${canaries[5]}]] }
  api_key: ${canaries[7]}
  note: PALETTE_API_KEY=${canaries[8]}
  proxy: http://user:${canaries[3]}@proxy.example.com
  ubuntuConfig:`,
    ),
  );
  await Deno.mkdir(`${home.workspace}/logs`, { mode: 0o700 });
  await Deno.writeTextFile(
    `${home.workspace}/logs/palette.log.1`,
    `level=info msg="password=${canaries[4]} apiKey: ${ADMIN_KEY}"\n` +
      `level=info msg="${Object.values(variables).join(" and ")}"\n`,
  );
  const path = `${home.root}/bundle.tgz`;
  const result = await home.run(["support-bundle", "--output-file", path], {
    env: { ...variables, HTTPS_PROXY: `http://u:${canaries[3]}@p.example.com` },
  });
  assertEquals(result.status, 0, result.stderr);
  const text = Object.values(await unpack(path)).join("\n");
  const secrets = [...canaries, ...guessingKit, ...tokens, ...Object.values(variables), PASSPHRASE];
  for (const secret of secrets) {
    assertEquals(text.includes(secret), false, secret);
  }
});

Deno.test("support-bundle says why a configuration cannot be shown", async () => {
  await using home = await Home.make();
  await Deno.mkdir(home.workspace, { mode: 0o700 });
  await Deno.writeTextFile(home.configFile, `apikey: [${ADMIN_KEY}`, { mode: 0o600 });
  const path = `${home.root}/bundle.tgz`;
  await home.run(["support-bundle", "--output-file", path]);
  const contents = await unpack(path);
  assertMatch(contents["palette.yaml.txt"] ?? "", /^Cannot be shown: .*line \d+/);
  assertEquals(JSON.stringify(contents).includes(ADMIN_KEY), false);
});

Deno.test("support-bundle works with no workspace at all", async () => {
  await using home = await Home.make();
  const path = `${home.root}/bundle.tgz`;
  const result = await home.run(["support-bundle", "--output-file", path, "-o", "json"]);
  assertEquals(JSON.parse(result.stdout), { file: path, contents: ["versions.json"] });
  assertEquals(await home.files(), ["bundle.tgz"]);
});

Deno.test("support-bundle replaces no file", async () => {
  await using home = await Home.make();
  const path = `${home.root}/mine`;
  await Deno.writeTextFile(path, "mine");
  const result = await home.run(["support-bundle", "--output-file", path, "-o", "json"]);
  assertEquals(errorOf(result)["message"], `Cannot write "${path}": it exists already`);
  assertEquals(await Deno.readTextFile(path), "mine");
});

Deno.test("support-bundle names a folder that is not there", async () => {
  await using home = await Home.make();
  const result = await home.run(["support-bundle", "--output-file", "/none/x.tgz", "-o", "json"]);
  assertEquals(errorOf(result)["code"], "io");
});
