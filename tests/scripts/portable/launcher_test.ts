import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { launcher } from "../../../scripts/portable/launcher.ts";
import { PERMISSIONS } from "../../../scripts/permissions.ts";
import { targetNamed } from "../../../scripts/portable/target.ts";
import { VERSION } from "../../../lib/version.ts";
import { certificates } from "../../support/certificates.ts";
import { TempFolder, writeTree } from "../../support/portable_tree.ts";
import { hasProgram, outputOf } from "../../support/programs.ts";
import { namesIn } from "../../support/temp_folder.ts";

const SAID = `Palette CLI version: ${VERSION}\n`;
const isUnix = Deno.build.os !== "windows";

interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program in an environment that has nothing but what is given. */
async function run(
  program: string,
  args: string[],
  { cwd, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    clearEnv: true,
    env,
    stdin: "null",
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  const text = new TextDecoder();
  return { status: code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A folder with an unpacked archive, `it/palette`, and a home. */
async function unpacked(name: string, deno?: string) {
  const folder = await TempFolder.make();
  const it = `${folder.path}/${name}`;
  const home = `${folder.path}/home`;
  await Deno.mkdir(home);
  await writeTree(it, deno);
  return {
    it,
    home,
    root: folder.path,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Tells what it was started with. */
const TELL = `#!/bin/sh
printf '%s\\n' "$@"
printf 'DENO_DIR=%s\\n' "$DENO_DIR"
printf 'leaked=%s\\n' "$OTEL_DENO$NODE_OPTIONS$DENO_V8_FLAGS$DENO_COVERAGE_DIR"
exit 7
`;

Deno.test("the launcher gives Deno what the program needs, and no more", {
  ignore: !isUnix,
}, async () => {
  await using folder = await unpacked("it", TELL);
  const { it, home } = folder;
  const env = { HOME: home, OTEL_DENO: "true", NODE_OPTIONS: "-r x", DENO_V8_FLAGS: "--x" };
  assertEquals(await run(`${it}/palette`, ["a b", "--c", "*"], { env }), {
    status: 7,
    stdout: [
      ...["run", "--quiet", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-prompt"],
      ...["--allow-env", "--allow-net", "--allow-read", "--allow-run", "--allow-sys=ca,uid"],
      ...["--allow-write", `${it}/lib/palette.js`, "a b", "--c", "*"],
      ...[`DENO_DIR=${it}/lib/cache`, "leaked=", ""],
    ].join("\n"),
    stderr: "",
  });
});

for (const shell of ["dash", "bash", "busybox", "zsh"]) {
  Deno.test(`the launcher runs in ${shell}, by whatever path it is called (needs ${shell})`, {
    ignore: !isUnix || !hasProgram(shell),
  }, async () => {
    await using folder = await unpacked("with some space", TELL);
    const { it, root } = folder;
    await Deno.mkdir(`${root}/-bin`);
    await Deno.symlink("../with some space/palette", `${root}/-bin/first`);
    await Deno.symlink("first", `${root}/-bin/second`);
    const path = (Deno.env.get("PATH") ?? "").split(":")
      .map((folder) => `${folder}/${shell}`).find((path) => {
        try {
          return Deno.statSync(path).isFile;
        } catch {
          return false;
        }
      }) ?? shell;
    const words = shell === "busybox" ? ["sh"] : [];
    const script = async (name: string, cwd: string) => {
      const { status, stdout, stderr } = await run(path, [...words, name, "x"], { cwd });
      const [program] = stdout.split("\n").filter((line) => line.endsWith("/lib/palette.js"));
      return { status, stderr, program };
    };
    const wanted = (program: string) => ({ status: 7, stderr: "", program });
    const js = "lib/palette.js";
    assertEquals(await script(`${it}/palette`, "/"), wanted(`${it}/${js}`));
    assertEquals(await script("./palette", it), wanted(`./${js}`));
    assertEquals(await script("palette", it), wanted(`./${js}`));
    assertEquals(await script("../palette", `${it}/lib`), wanted(`../${js}`));
    assertEquals(
      await script("with some space/palette", root),
      wanted(`./with some space/${js}`),
    );
    assertEquals(
      await script(`${root}/-bin/second`, "/"),
      wanted(`${root}/-bin/../with some space/${js}`),
    );
    assertEquals(
      await script("./-bin/first", root),
      wanted(`./-bin/../with some space/${js}`),
    );
  });
}

Deno.test("the launcher is found through PATH", { ignore: !isUnix }, async () => {
  await using folder = await unpacked("it");
  const env = { PATH: `/nowhere:${folder.it}`, HOME: folder.home };
  assertEquals(await run("/bin/sh", ["-c", "palette version"], { env, cwd: folder.root }), {
    status: 0,
    stdout: SAID,
    stderr: "",
  });
});

Deno.test("the program leaves nothing in the home folder, and keeps compiled code beside itself", {
  ignore: !isUnix,
}, async () => {
  await using folder = await unpacked("it");
  const { it, home } = folder;
  assertEquals((await run(`${it}/palette`, ["version"], { env: { HOME: home } })).stdout, SAID);
  const { stdout } = await run(`${it}/palette`, ["version", "-o", "json"], { env: { HOME: home } });
  assertEquals(JSON.parse(stdout).runtime, `deno ${Deno.version.deno}`);
  assertEquals(namesIn(home), []);
  assertEquals(namesIn(`${it}/lib`).includes("cache"), true);
});

Deno.test("files and variables meant for other programs do not reach the program", {
  ignore: !isUnix,
}, async () => {
  await using folder = await unpacked("it");
  const { it, home, root } = folder;
  const work = `${root}/work`;
  await Deno.mkdir(work);
  for (const name of ["deno.json", "package.json", "deno.lock"]) {
    await Deno.writeTextFile(`${work}/${name}`, "{ broken");
  }
  await Deno.writeTextFile(`${work}/.npmrc`, "registry=${NOT_SET}\n");
  await Deno.writeTextFile(`${home}/.npmrc`, "registry=${NOT_SET}\n");
  const env = {
    HOME: home,
    NODE_OPTIONS: "--require /nowhere.js",
    DENO_V8_FLAGS: "--no-such-flag",
    DENO_COVERAGE_DIR: `${root}/coverage`,
    DENO_AUDIT_PERMISSIONS: `${root}/audit`,
    DENO_PERMISSION_BROKER_PATH: `${root}/broker`,
    DENO_AUTH_TOKENS: "none",
    DENO_CONNECTED: "1",
    NODE_CHANNEL_FD: "9",
    DENO_LOG: "debug",
    OTEL_DENO: "true",
  };
  assertEquals(await run(`${it}/palette`, ["version", "-o", "table"], { cwd: work, env }), {
    status: 0,
    stdout: SAID,
    stderr: "",
  });
  assertEquals(namesIn(root), ["home", "it", "work"]);
});

Deno.test("exit status and error are the program's own", { ignore: !isUnix }, async () => {
  await using folder = await unpacked("it");
  const result = await run(`${folder.it}/palette`, ["project", "lst"], {
    env: { HOME: folder.home },
  });
  assertEquals(result.status, 1);
  assertStringIncludes(result.stderr, "Did you mean list?");
  assertEquals(result.stdout, "");
});

Deno.test("the permissions are enough for connections without verification (needs openssl)", {
  ignore: !isUnix || !hasProgram("openssl"),
}, async () => {
  await using folder = await unpacked("it");
  const { cert, key } = (await certificates()).selfSigned;
  const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} };
  await using server = Deno.serve(options, () => new Response("hello"));
  const address = `https://127.0.0.1:${server.addr.port}`;
  const result = await run(`${folder.it}/palette`, ["login", "--insecure", "--project", "x"], {
    env: {
      HOME: folder.home,
      PALETTE_ENCRYPTION_PASSWORD: "Correct-Horse-9",
      PALETTE_API_KEY: "a-key-of-nobody",
      PALETTE_CONSOLE_URL: address,
      CI: "true",
    },
  });
  assertEquals(result.status, 1);
  assertStringIncludes(result.stderr, `${address} did not answer like a Palette API`);
});

Deno.test("deno task palette has the permissions that releases have", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  const words = (tasks.palette.command as string).split(" ");
  assertEquals(words.filter((word) => word.startsWith("--allow-")), [...PERMISSIONS]);
});

for (const [signal, status] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
  Deno.test(`${signal} reaches the program, and its status comes back`, {
    ignore: !isUnix,
  }, async () => {
    await using folder = await unpacked("it");
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
      arrived.resolve();
      return answer.promise;
    });
    const child = new Deno.Command(`${folder.it}/palette`, {
      args: ["whoami"],
      clearEnv: true,
      env: {
        HOME: folder.home,
        PALETTE_API_KEY: "a-key-of-nobody",
        PALETTE_CONSOLE_URL: `http://127.0.0.1:${server.addr.port}`,
        CI: "true",
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await arrived.promise;
    child.kill(signal);
    assertEquals((await child.status).code, status);
    answer.resolve(new Response());
  });
}

Deno.test("what cannot be written beside the program goes to a workspace that is there", {
  ignore: !isUnix || Deno.uid() !== 0 || !hasProgram("setpriv"),
}, async () => {
  await using folder = await unpacked("it", TELL);
  const { it, home, root } = folder;
  await Deno.chmod(root, 0o755);
  await Deno.chown(home, 65534, 65534);
  const cacheFor = async (env: Record<string, string>) => {
    const { stdout } = await run("/bin/sh", [
      ...["-c", 'exec setpriv --reuid 65534 --regid 65534 --clear-groups "$0"', `${it}/palette`],
    ], { env: { PATH: Deno.env.get("PATH") ?? "", ...env } });
    return /^DENO_DIR=(.*)$/m.exec(stdout)?.[1];
  };
  assertEquals(await cacheFor({ HOME: home }), `${it}/lib/cache`);
  assertEquals(await cacheFor({}), `${it}/lib/cache`);
  await Deno.mkdir(`${home}/.palette`);
  // Of another user, who could put code there.
  assertEquals(await cacheFor({ HOME: home }), `${it}/lib/cache`);
  await Deno.chown(`${home}/.palette`, 65534, 65534);
  assertEquals(await cacheFor({ HOME: home }), `${home}/.palette/cache/deno`);
  await Deno.mkdir(`${home}/other`);
  await Deno.chown(`${home}/other`, 65534, 65534);
  const env = { HOME: home, PALETTE_WORKSPACE: `${home}/other` };
  assertEquals(await cacheFor(env), `${home}/other/cache/deno`);
});

Deno.test("a launcher without its files says what is missing", { ignore: !isUnix }, async () => {
  await using folder = await TempFolder.make();
  const { name, text } = await launcher(targetNamed("linux-x64"));
  const path = `${folder.path}/${name}`;
  await Deno.writeTextFile(path, text, { mode: 0o755 });
  assertEquals(await run(path, ["version"]), {
    status: 1,
    stdout: "",
    stderr: `Error: lib/deno and lib/palette.js are missing beside "${path}"\n` +
      "Hint: Unpack the whole archive, and keep its files together\n",
  });
});

Deno.test("a launcher for another processor is refused before it starts anything", {
  ignore: Deno.build.target !== "x86_64-unknown-linux-gnu",
}, async () => {
  await using folder = await TempFolder.make();
  await writeTree(folder.path, TELL, targetNamed("linux-arm64"));
  assertEquals(await run(`${folder.path}/palette`, []), {
    status: 1,
    stdout: "",
    stderr: "Error: this palette is for linux-arm64, and this system lacks its loader " +
      "/lib/ld-linux-aarch64.so.1\n" +
      "Hint: Take the archive for this system, or run it in a container with glibc\n",
  });
});

Deno.test("the launchers of macOS ask for no loader, that of Windows is a batch file", async () => {
  const darwin = await launcher(targetNamed("darwin-arm64"));
  assertStringIncludes(darwin.text, "\nloader=\n");
  const { name, text } = await launcher(targetNamed("windows-x64"));
  assertEquals(name, "palette.cmd");
  assertEquals(text.replaceAll("\r\n", "").includes("\n"), false);
  assertMatch(
    text,
    /"%~dp0lib\\deno\.exe" run .*--no-npm --no-prompt --allow-env .* "%~dp0lib\\palette\.js" %\*\r\nexit \/b %ERRORLEVEL%\r\n/,
  );
  for (const each of [darwin.text, text]) assertEquals(/@[A-Z]+@/.test(each), false);
});

Deno.test("the launchers take the same variables away", async () => {
  const { text: sh } = await launcher(targetNamed("linux-x64"));
  const { text: cmd } = await launcher(targetNamed("windows-x64"));
  const unset = [...sh.matchAll(/^unset (.*)$/gm)].flatMap(([, names = ""]) => names.split(" "));
  assertEquals([...cmd.matchAll(/^set "(\w+)="\r$/gm)].map(([, name]) => name), unset);
});

Deno.test("shellcheck finds nothing in the launcher (needs shellcheck)", {
  ignore: !hasProgram("shellcheck"),
}, async () => {
  await using folder = await TempFolder.make();
  const { text } = await launcher(targetNamed("linux-x64"));
  await Deno.writeTextFile(`${folder.path}/palette`, text);
  // SC3067: -O is not POSIX, but every shell that is /bin/sh somewhere has it.
  assertEquals(await outputOf("shellcheck", "-e", "SC3067", `${folder.path}/palette`), "");
});
