/** What only a process of its own shows: proxies, variables of the runtime, exit status, streams. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { certificates } from "../support/certificates.ts";
import { ConnectProxy } from "../support/connect_proxy.ts";
import { denoRunArgs } from "../support/deno_process.ts";
import { Home, PASSPHRASE } from "../support/home.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { ADMIN_KEY } from "../support/palette/state.ts";
import { hasProgram } from "../support/programs.ts";

const MAIN = decodeURIComponent(new URL("../../main.ts", import.meta.url).pathname);

function palette(
  args: string[],
  env: Record<string, string>,
  permissions = ["-A"],
): Deno.Command {
  const { PATH = "", HOME = "" } = Deno.env.toObject();
  const cache = Deno.env.get("DENO_DIR") ?? `${HOME}/.cache/deno`;
  return new Deno.Command(Deno.execPath(), {
    args: denoRunArgs(permissions, MAIN, ...args),
    clearEnv: true,
    env: { PATH, DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(args: string[], env: Record<string, string>, permissions?: string[]) {
  const { code, stdout, stderr } = await palette(args, env, permissions).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

for (const insecure of [false, true]) {
  Deno.test({
    name: `HTTPS_PROXY is used, ${
      insecure ? "un" : ""
    }verified, and NO_PROXY left out (needs openssl)`,
    ignore: !hasProgram("openssl"),
    async fn() {
      const all = await certificates();
      await using server = await startFakePalette({ tls: all.server });
      await using proxy = new ConnectProxy();
      await using home = await Home.make();
      const trust = insecure ? ["--insecure"] : ["--ca-file", all.caFile];
      const args = ["login", "--console-url", server.url, ...trust];
      const env = {
        HOME: home.root,
        PALETTE_API_KEY: ADMIN_KEY,
        PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
        HTTPS_PROXY: proxy.url,
      };
      const through = await run(args, env);
      assertEquals(through.code, 0, through.stderr);
      assertEquals(new Set(proxy.requests), new Set([`CONNECT ${new URL(server.url).host}`]));
      const before = proxy.requests.length;
      const direct = await run(args, { ...env, NO_PROXY: "127.0.0.1" });
      assertEquals(direct.code, 0, direct.stderr);
      assertEquals(proxy.requests.length, before);
    },
  });
}

Deno.test({
  name: "NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing (needs openssl)",
  ignore: !hasProgram("openssl"),
  async fn() {
    const all = await certificates();
    await using server = await startFakePalette({ tls: all.server });
    await using home = await Home.make();
    const { code, stderr } = await run(["login", "--console-url", server.url], {
      HOME: home.root,
      PALETTE_API_KEY: ADMIN_KEY,
      PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    });
    assertEquals(code, 1);
    assertMatch(stderr, /^Error: certificate of 127\.0\.0\.1 not trusted: unknown issuer$/m);
    assertEquals(server.requests, []);
  },
});

Deno.test({
  name:
    "the system's CAs are trusted with DENO_TLS_CA_STORE=system, as hint and help say (needs openssl)",
  ignore: !hasProgram("openssl"),
  async fn() {
    const all = await certificates();
    await using server = await startFakePalette({ tls: all.server });
    await using home = await Home.make();
    const args = ["login", "--console-url", server.url];
    const env = {
      HOME: home.root,
      PALETTE_API_KEY: ADMIN_KEY,
      PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
      SSL_CERT_FILE: all.caFile,
    };
    const refused = await run(args, env);
    assertEquals([refused.code, refused.stdout], [1, ""]);
    assertMatch(
      refused.stderr,
      /^Error: certificate of 127\.0\.0\.1 not trusted: unknown issuer$/m,
    );
    assertMatch(
      refused.stderr,
      /^Hint: Pass --ca-file FILE with the CA's certificate, set DENO_TLS_CA_STORE=system to use this machine's list, or pass --insecure to skip the check$/m,
    );
    assertEquals(server.requests, []);
    const trusted = await run(args, { ...env, DENO_TLS_CA_STORE: "system" });
    assertEquals([trusted.code, trusted.stderr], [0, ""]);
    const help = (await run(["login", "--help"], env)).stdout.replace(/\s+/g, " ");
    assertStringIncludes(
      help,
      "Certificates (PEM) to trust beside the built-in list; DENO_TLS_CA_STORE=system uses this " +
        "machine's instead (env PALETTE_CA_FILE).",
    );
  },
});

Deno.test("the command line needs no more than the documented permissions", async () => {
  await using server = await startFakePalette();
  await using home = await Home.make();
  const permissions = ["env", "net", "read", "run", "sys", "write"].map((name) =>
    `--allow-${name}`
  );
  const { code, stdout, stderr } = await run(["login", "--console-url", server.url], {
    HOME: home.root,
    PALETTE_API_KEY: ADMIN_KEY,
    PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
  }, permissions);
  assertEquals([code, stdout, stderr], [0, "Welcome to Spectro Cloud Palette\n", ""]);
});

Deno.test("no connection is opened but to the configured address", async () => {
  await using server = await startFakePalette();
  await using home = await Home.make();
  const host = new URL(server.url).host;
  const permissions = ["env", "read", "run", "sys", "write"].map((name) => `--allow-${name}`);
  const env = { HOME: home.root, PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE };
  const login = { ...env, PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: server.url };
  for (
    const [args, variables] of [
      [["login", "--project", "dev-team"], login],
      [["whoami"], env],
      [["project", "list"], env],
      [["project", "switch", "--name", "staging"], env],
      [["support-bundle", "--output-file", `${home.root}/b.tgz`], env],
      [["logout"], env],
    ] as const
  ) {
    const result = await run([...args], variables, [...permissions, `--allow-net=${host}`]);
    assertEquals(result.code, 0, `${args}: ${result.stderr}`);
  }
});

for (
  const args of [["version"], ["--help"], ["completion", "bash"], ["config", "view"], [
    "project",
    "current",
  ]]
) {
  Deno.test(`palette ${args.join(" ")} opens no connection and starts no process`, async () => {
    await using home = await Home.make();
    await home.seed({ endpoint: "https://console.example.com" });
    const permissions = ["env", "read", "sys", "write"].map((name) => `--allow-${name}`);
    const { code, stderr } = await run(args, { HOME: home.root }, permissions);
    assertEquals(code, 0, stderr);
  });
}

Deno.test("a reader that goes away is no failure", async () => {
  await using home = await Home.make();
  const child = palette(["completion", "bash"], { HOME: home.root }).spawn();
  await child.stdout.cancel();
  const { code } = await child.status;
  assertEquals([code, new TextDecoder().decode((await child.stderr.getReader().read()).value)], [
    0,
    "",
  ]);
});

Deno.test({
  name: "a standard output without room is a failure of it, not of ours",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await Home.make();
    await home.seed({ endpoint: "https://console.example.com" });
    const { args, env } = {
      args: denoRunArgs(["-A"], MAIN, "config", "verify"),
      env: { HOME: home.root, PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE },
    };
    const { PATH = "", HOME = "" } = Deno.env.toObject();
    const cache = Deno.env.get("DENO_DIR") ?? `${HOME}/.cache/deno`;
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", 'exec "$0" "$@" >/dev/full', Deno.execPath(), ...args],
      clearEnv: true,
      env: { PATH, DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1", ...env },
    }).output();
    assertEquals([code, new TextDecoder().decode(stderr).split("\n").slice(0, 2)], [1, [
      "Error: cannot write to standard output: No space left on device",
      "Hint: Make room where it goes, or send it elsewhere",
    ]]);
  },
});

Deno.test("a failure is one, also when nobody reads what is said about it", async () => {
  await using home = await Home.make();
  const child = palette(["whoami"], { HOME: home.root }).spawn();
  await child.stderr.cancel();
  const { code } = await child.status;
  await child.stdout.cancel();
  assertEquals(code, 1);
});

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`a process stopped by ${signal} ends with ${status}`, async () => {
    await using server = await startFakePalette();
    server.inject({ kind: "slow", delayMs: 3_000, path: "/v1/users/info" });
    await using home = await Home.make();
    const child = palette(["login", "--console-url", server.url], {
      HOME: home.root,
      PALETTE_API_KEY: ADMIN_KEY,
      PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
    }).spawn();
    let hasEnded = false;
    void child.status.then(() => hasEnded = true);
    while (server.requests.length < 2 && !hasEnded) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (!hasEnded) child.kill(signal);
    const { code, stdout } = await child.output();
    assertEquals([code, new TextDecoder().decode(stdout)], [status, ""]);
    assertEquals(await home.files(), []);
  });
}

Deno.test("child processes do not get the secrets of the environment", async () => {
  await using home = await Home.make();
  const passphraseFile = `${home.root}/seen`;
  const script = `${home.root}/print.sh`;
  await Deno.writeTextFile(script, `#!/bin/sh\nenv > ${passphraseFile}\necho ${PASSPHRASE}\n`, {
    mode: 0o700,
  });
  await home.seed({ endpoint: "https://console.example.com" });
  const { code, stderr } = await run(
    ["config", "verify", "--encryption-passphrase-command", script],
    {
      HOME: home.root,
      PALETTE_API_KEY: ADMIN_KEY,
      PALETTE_ENCRYPTION_PASSWORD: "Another-One-1",
      PALETTE_NEW_ENCRYPTION_PASSWORD: "Another-One-2",
      PALETTE_WORKSPACE: home.workspace,
    },
  );
  assertEquals(code, 0, stderr);
  const seen = await Deno.readTextFile(passphraseFile);
  assertStringIncludes(seen, "PALETTE_WORKSPACE=");
  assertEquals(/Another-One|c0ffee/.test(seen), false);
});
