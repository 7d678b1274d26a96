import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FileStore } from "../../lib/config/file_store.ts";
import { UserError } from "../../lib/errors.ts";
import type { Clock } from "../../lib/runtime/clock.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { systemRuntime } from "../../lib/runtime/system.ts";
import { systemPlatform } from "../../lib/runtime/platform.ts";
import { CountingCrypto } from "../support/counting_crypto.ts";
import { crashOnce, storeWriter } from "../support/crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { hasProgram } from "../support/programs.ts";

interface Place {
  root: string;
  path: string;
  store: FileStore;
  warnings: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

async function setUp(options: { clock?: Clock; uid?: number } = {}): Promise<Place> {
  const root = await Deno.makeTempDir({ prefix: "palette-store-" });
  await Deno.chmod(root, 0o700);
  const warnings: string[] = [];
  const store = new FileStore({
    files: systemFiles(),
    clock: options.clock ?? systemClock(),
    crypto: new CountingCrypto(),
    platform: { ...systemPlatform(), ...(options.uid === undefined ? {} : { uid: options.uid }) },
    onWarning: (text) => warnings.push(text),
  });
  return {
    root,
    path: `${root}/file.yaml`,
    store,
    warnings,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

const names = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o7777;
const write = (text: string) => () => Promise.resolve(text);

Deno.test("update() makes the folder and the file, both private", async () => {
  await using it = await setUp();
  const path = `${it.root}/a/b/file.yaml`;
  await it.store.update(path, write("x"));
  assertEquals(await Deno.readTextFile(path), "x");
  assertEquals(await modeOf(path), 0o600);
  assertEquals(await modeOf(`${it.root}/a/b`), 0o700);
  assertEquals(await names(`${it.root}/a/b`), [".file.yaml.lock", "file.yaml"]);
});

Deno.test("update() gives what is there and leaves it alone for null", async () => {
  await using it = await setUp();
  await Deno.writeTextFile(it.path, "old", { mode: 0o600 });
  const before = await Deno.stat(it.path);
  let seen: string | undefined;
  await it.store.update(it.path, (current) => {
    seen = current?.text;
    return Promise.resolve(null);
  });
  assertEquals(seen, "old");
  assertEquals((await Deno.stat(it.path)).ino, before.ino);
});

Deno.test("update() leaves everything when the change fails, and lets go of the lock", async () => {
  await using it = await setUp();
  await Deno.writeTextFile(it.path, "old", { mode: 0o600 });
  await assertRejects(
    () => it.store.update(it.path, () => Promise.reject(new Error("no"))),
    Error,
    "no",
  );
  assertEquals(await Deno.readTextFile(it.path), "old");
  await it.store.update(it.path, write("new"));
  assertEquals(await Deno.readTextFile(it.path), "new");
});

Deno.test("update() holds no lock while the new text is made, and makes it anew when somebody wrote", async () => {
  await using it = await setUp({ clock: new FakeClock() });
  await Deno.writeTextFile(it.path, "old", { mode: 0o600 });
  const seen: (string | undefined)[] = [];
  await it.store.update(it.path, async (current) => {
    seen.push(current?.text);
    if (seen.length === 1) await it.store.update(it.path, write("between"));
    return `${current?.text}, new`;
  });
  assertEquals(seen, ["old", "between"]);
  assertEquals(await Deno.readTextFile(it.path), "between, new");
});

Deno.test("update() begins anew when the file went or came meanwhile", async () => {
  await using it = await setUp({ clock: new FakeClock() });
  const seen: (string | undefined)[] = [];
  await it.store.update(it.path, async (current) => {
    seen.push(current?.text);
    if (seen.length === 1) await Deno.writeTextFile(it.path, "came", { mode: 0o600 });
    if (seen.length === 2) await Deno.remove(it.path);
    return "new";
  });
  assertEquals(seen, [undefined, "came", undefined]);
  assertEquals(await Deno.readTextFile(it.path), "new");
});

Deno.test("update() makes neither folder nor lock when the change fails or wants nothing", async () => {
  await using it = await setUp();
  const path = `${it.root}/a/file.yaml`;
  await assertRejects(() => it.store.update(path, () => Promise.reject(new Error("no"))), Error);
  await it.store.update(path, () => Promise.resolve(null));
  assertEquals(await names(it.root), []);
});

Deno.test("a file that others could read is closed, with one warning", async () => {
  await using it = await setUp();
  await Deno.writeTextFile(it.path, "x");
  await Deno.chmod(it.path, 0o644);
  await it.store.read(it.path);
  await it.store.read(it.path);
  assertEquals(await modeOf(it.path), 0o600);
  assertEquals(it.warnings.length, 1);
});

Deno.test("a symlinked file is replaced at its target, the link stays", async () => {
  await using it = await setUp();
  await Deno.mkdir(`${it.root}/real`, { mode: 0o700 });
  await Deno.writeTextFile(`${it.root}/real/target.yaml`, "old", { mode: 0o600 });
  await Deno.symlink("real/target.yaml", it.path);
  await it.store.update(it.path, write("new"));
  assertEquals(await Deno.readTextFile(`${it.root}/real/target.yaml`), "new");
  assertEquals((await Deno.lstat(it.path)).isSymlink, true);
  assertEquals((await names(`${it.root}/real`)).includes(".target.yaml.lock"), true);
});

Deno.test("a link to nothing is refused", async () => {
  await using it = await setUp();
  await Deno.symlink("nowhere", it.path);
  const error = await assertRejects(() => it.store.read(it.path), UserError);
  assertEquals(error.code, "io");
});

Deno.test("a folder that everybody may write to is refused, unless it is sticky", async () => {
  await using it = await setUp();
  await Deno.chmod(it.root, 0o777);
  const error = await assertRejects(() => it.store.update(it.path, write("x")), UserError);
  assertStringIncludes(error.message, "can be written by every user");
  assertEquals(await names(it.root), []);
  await Deno.chmod(it.root, 0o1777);
  await it.store.update(it.path, write("x"));
  assertStringIncludes(it.warnings.join(), "is open to other users");
});

Deno.test("a folder of another user is refused", async () => {
  await using it = await setUp({ uid: 4_242 });
  const error = await assertRejects(() => it.store.update(it.path, write("x")), UserError);
  assertStringIncludes(error.message, "belongs to another user");
  assertEquals(await names(it.root), []);
});

Deno.test("a folder that others may read gets one warning", async () => {
  await using it = await setUp();
  await Deno.chmod(it.root, 0o755);
  await it.store.update(it.path, write("x"));
  await it.store.update(it.path, write("y"));
  assertEquals(it.warnings.length, 1);
});

Deno.test("a lock that is held ends in busy after 10 s; a left-over file does not matter", async () => {
  await using it = await setUp({ clock: new FakeClock() });
  const lock = `${it.root}/.file.yaml.lock`;
  await Deno.writeTextFile(lock, "left over");
  await it.store.update(it.path, write("x"));
  using file = await Deno.open(lock, { read: true, write: true });
  await file.lock(true);
  const error = await assertRejects(() => it.store.update(it.path, write("y")), UserError);
  assertEquals(error.code, "busy");
  assertEquals(await Deno.readTextFile(it.path), "x");
});

Deno.test("stages of killed runs are swept at the next write, and nothing else is", async () => {
  await using it = await setUp();
  await Deno.writeTextFile(`${it.root}/.file.yaml.0123456789ab.tmp`, "stage");
  await Deno.writeTextFile(`${it.root}/.file.yaml.mine.tmp`, "mine");
  await Deno.writeTextFile(`${it.root}/.other.yaml.0123456789ab.tmp`, "other");
  await it.store.update(it.path, write("x"));
  assertEquals(await names(it.root), [
    ".file.yaml.lock",
    ".file.yaml.mine.tmp",
    ".other.yaml.0123456789ab.tmp",
    "file.yaml",
  ]);
});

const UNREADABLE: [string, (path: string) => Promise<void>, string][] = [
  ["a folder", (path) => Deno.mkdir(path), "it is a folder"],
  [
    "what is not UTF-8",
    (path) => Deno.writeFile(path, new Uint8Array([0xff, 0xfe, 0x41]), { mode: 0o600 }),
    "it is not UTF-8 text",
  ],
  [
    "more than 16 MiB",
    (path) => Deno.writeFile(path, new Uint8Array(16 * 1024 * 1024 + 1), { mode: 0o600 }),
    "it is larger than 16 MiB",
  ],
];

for (const [name, make, reason] of UNREADABLE) {
  Deno.test(`read() refuses ${name}`, async () => {
    await using it = await setUp();
    await make(it.path);
    const error = await assertRejects(() => it.store.read(it.path), UserError);
    assertStringIncludes(error.message, reason);
  });
}

Deno.test("locked() takes several locks in one order, so that nobody waits for ever", async () => {
  await using it = await setUp();
  const [a, b] = [`${it.root}/a.yaml`, `${it.root}/b.yaml`];
  const order: string[] = [];
  await Promise.all([[a, b], [b, a]].map((paths, at) =>
    it.store.locked(paths, async () => {
      order.push(`in ${at}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`out ${at}`);
    })
  ));
  assertEquals(order.map((text) => text.split(" ")[0]), ["in", "out", "in", "out"]);
});

Deno.test("read() takes a file that another process makes while it looks", async () => {
  await using it = await setUp();
  await Deno.writeTextFile(it.path, "a: 1\n", { mode: 0o600 });
  const runtime = systemRuntime();
  let looks = 0;
  const info = (path: string) => looks++ === 0 ? Promise.resolve(null) : runtime.files.info(path);
  const store = new FileStore({
    ...runtime,
    files: { ...runtime.files, info },
    onWarning: () => {},
  });
  assertEquals((await store.read(it.path))?.text, "a: 1\n");
});

Deno.test("20 processes that write at once lose nothing", async () => {
  await using it = await setUp();
  const writers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => storeWriter("add", it.path, `key${at}`).output()),
  );
  const problems = writers.filter(({ success }) => !success)
    .map(({ stderr }) => new TextDecoder().decode(stderr));
  assertEquals(problems, []);
  const keys = (await Deno.readTextFile(it.path)).trim().split("\n").map((line) =>
    line.split(":")[0]
  );
  assertEquals(new Set(keys).size, 20);
  assertEquals(await names(it.root), [".file.yaml.lock", "file.yaml"]);
});

for (let run = 1; run <= 20; run++) {
  Deno.test(`a writer killed at a random moment leaves a whole file (${run} of 20)`, crashOnce);
}

/** Whether this machine lets us make mounts of our own. */
const canMount = hasProgram("unshare") &&
  new Deno.Command("unshare", { args: ["-m", "true"], stderr: "null" }).outputSync().success;

/** Runs a script with mounts of its own; `$1` is a folder, the rest runs the store's writer. */
async function withMounts(script: string) {
  const folder = await Deno.makeTempDir({ prefix: "palette-mount-" });
  try {
    const { args = [] } = writerArgs();
    const { code, stdout } = await new Deno.Command("unshare", {
      args: ["-m", "sh", "-euc", script, "sh", folder, Deno.execPath(), ...args],
      stderr: "piped",
    }).output();
    return { code, output: new TextDecoder().decode(stdout) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function writerArgs(): { args: string[] } {
  const writer = decodeURIComponent(
    new URL("../support/store_writer.ts", import.meta.url).pathname,
  );
  const flags = JSON.parse(Deno.env.get("PALETTE_DENO_FLAGS") ?? "[]") as string[];
  return { args: ["run", ...flags, "--quiet", "-A", writer] };
}

Deno.test({
  name: "a full disk leaves the old file and no stage (needs unshare and root)",
  ignore: !canMount,
  async fn() {
    const { output } = await withMounts(`
      dir=$1; shift
      mount -t tmpfs -o size=64k,mode=700 tmpfs "$dir"
      "$@" add "$dir/file.yaml" first
      cp "$dir/file.yaml" /tmp/before.$$
      dd if=/dev/zero of="$dir/fill" bs=1k count=64 2>/dev/null || true
      if "$@" add "$dir/file.yaml" second 2>/tmp/error.$$; then echo "written"; fi
      grep -o 'no space left on device' /tmp/error.$$ | head -1
      cmp "$dir/file.yaml" /tmp/before.$$ && echo same
      ls -A "$dir" | tr '\\n' ' '
      rm -f /tmp/before.$$ /tmp/error.$$
    `);
    assertEquals(output, "no space left on device\nsame\n.file.yaml.lock file.yaml fill ");
  },
});

Deno.test({
  name: "a read-only file system is named and leaves the file (needs unshare and root)",
  ignore: !canMount,
  async fn() {
    const { output } = await withMounts(`
      dir=$1; shift
      chmod 700 "$dir"
      "$@" add "$dir/file.yaml" first
      mount --bind "$dir" "$dir"
      mount -o remount,ro,bind "$dir"
      "$@" add "$dir/file.yaml" second 2>&1 | grep -o 'read-only file system' | head -1
      cat "$dir/file.yaml"
      umount "$dir"
    `);
    assertEquals(output, 'read-only file system\nfirst: "1"\n');
  },
});

/** Whether another user may run this Deno; its cache is often closed to others. */
const canSwitchUser = Deno.uid() === 0 && hasProgram("setpriv") &&
  new Deno.Command("setpriv", {
    args: ["--reuid=65534", "--regid=65534", "--clear-groups", Deno.execPath(), "--version"],
    stdout: "null",
    stderr: "null",
  }).outputSync().success;

const OTHER_UID = 65_534;

/** Runs the store's writer as a user who cannot look into our checkout or our cache. */
async function storeWriterOf(uid: number, ...args: string[]) {
  const home = await Deno.makeTempDir({ prefix: "palette-other-" });
  try {
    const root = decodeURIComponent(new URL("../..", import.meta.url).pathname);
    await Deno.mkdir(`${home}/tests`);
    for (const folder of ["lib", "tests/support"]) {
      await new Deno.Command("cp", { args: ["-r", `${root}/${folder}`, `${home}/${folder}`] })
        .output();
    }
    await new Deno.Command("chown", { args: ["-R", `${uid}:${uid}`, home] }).output();
    const ids = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
    const writer = `${home}/tests/support/store_writer.ts`;
    const { code, stdout, stderr } = await new Deno.Command("setpriv", {
      args: [...ids, Deno.execPath(), "run", "-A", "--no-config", "--quiet", writer, ...args],
      env: { DENO_DIR: `${home}/.deno`, HOME: home, NO_COLOR: "1" },
      cwd: "/",
    }).output();
    const error = /UserError: (.*)$/m.exec(new TextDecoder().decode(stderr))?.[1] ?? "";
    return { code, output: new TextDecoder().decode(stdout), error };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

interface OthersFile {
  name: string;
  folder: { uid: number; mode: number };
  file: { uid: number; mode: number };
  /** Null: what was read. */
  read: string | null;
  put: string | null;
}

/** Files as the other user finds them; ours is uid 0. The kernel alone would allow the last two. */
const OTHERS_FILES: OthersFile[] = [
  {
    name: "their own file",
    folder: { uid: OTHER_UID, mode: 0o700 },
    file: { uid: OTHER_UID, mode: 0o600 },
    read: null,
    put: null,
  },
  {
    name: "our file in our private folder",
    folder: { uid: 0, mode: 0o700 },
    file: { uid: 0, mode: 0o600 },
    read: "Cannot read PATH: permission denied",
    put: "Cannot write PATH: permission denied",
  },
  {
    name: "our private file in their folder",
    folder: { uid: OTHER_UID, mode: 0o700 },
    file: { uid: 0, mode: 0o600 },
    read: "Cannot read PATH: permission denied",
    put: "Cannot write PATH: it belongs to another user",
  },
  {
    name: "our file that all may write, in their folder",
    folder: { uid: OTHER_UID, mode: 0o700 },
    file: { uid: 0, mode: 0o666 },
    read: null,
    put: "Cannot write PATH: it belongs to another user",
  },
  {
    name: "their file in a folder of ours that all may write to",
    folder: { uid: 0, mode: 0o1777 },
    file: { uid: OTHER_UID, mode: 0o600 },
    read: null,
    put: 'Cannot keep secrets in PATH: the folder "ROOT" belongs to another user',
  },
];

for (const { name, folder, file, read, put } of OTHERS_FILES) {
  Deno.test({
    name: `another user ${
      put === null ? "replaces" : "cannot replace"
    } ${name} (needs root and setpriv)`,
    ignore: !canSwitchUser,
    async fn() {
      await using it = await setUp();
      await Deno.writeTextFile(it.path, "secret");
      await Deno.chmod(it.path, file.mode);
      await Deno.chown(it.path, file.uid, file.uid);
      await Deno.chmod(it.root, folder.mode);
      await Deno.chown(it.root, folder.uid, folder.uid);
      const refused = (text: string) =>
        text.replace("PATH", `"${it.path}"`).replace("ROOT", it.root);
      assertEquals(
        await storeWriterOf(OTHER_UID, "read", it.path),
        read === null
          ? { code: 0, output: "secret", error: "" }
          : { code: 1, output: "", error: refused(read) },
      );
      assertEquals(
        await storeWriterOf(OTHER_UID, "put", it.path, "changed"),
        put === null
          ? { code: 0, output: "", error: "" }
          : { code: 1, output: "", error: refused(put) },
      );
      assertEquals(await Deno.readTextFile(it.path), put === null ? "changed" : "secret");
      assertEquals(
        await names(it.root),
        put === null ? [".file.yaml.lock", "file.yaml"] : ["file.yaml"],
      );
    },
  });
}
