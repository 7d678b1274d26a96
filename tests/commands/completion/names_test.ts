import { assertEquals, assertStringIncludes } from "@std/assert";
import { NAME_KINDS } from "../../../lib/commands/completion/name_kinds.ts";
import { buildTree } from "../../../lib/commands/tree.ts";
import { type Clock, systemClock } from "../../../lib/runtime/clock.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { Home, OTHER_PASSPHRASE, PASSPHRASE, type RunOptions } from "../../support/home.ts";
import { type FakePalette, startFakePalette } from "../../support/palette/fake_palette.ts";
import { registryOf } from "../../support/palette/operations/registries.ts";
import {
  ADMIN_KEY,
  DEV_PROJECT,
  runningCluster,
  STAGING_PROJECT,
} from "../../support/palette/state.ts";
import { hasProgram } from "../../support/programs.ts";

const CLUSTERS = ["virtual-cluster", "pde", "virtual-cluster", "delete"];
const CACHE = ".palette/cache/completion.json";
const MAIN = decodeURIComponent(new URL("../../../main.ts", import.meta.url).pathname);

/** The second that Palette has never ends: a busy machine is not what these tests are about. */
const PATIENT: Clock = { ...systemClock(), sleep: () => new Promise(() => {}) };

class World implements AsyncDisposable {
  private constructor(readonly palette: FakePalette, readonly home: Home) {}

  static async make(...clusters: string[]): Promise<World> {
    const palette = await startFakePalette();
    palette.state.clusters = clusters.map((name) => runningCluster(name));
    const home = await Home.make();
    await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
    return new World(palette, home);
  }

  async [Symbol.asyncDispose]() {
    await this.home[Symbol.asyncDispose]();
    await this.palette[Symbol.asyncDispose]();
  }

  /** What a shell runs at a key press: at a terminal, where nothing may be asked. */
  complete(words: string[], options: RunOptions = {}) {
    return this.home.run(["completions", "complete", ...words], {
      answers: [],
      clock: PATIENT,
      ...options,
    });
  }

  async cached(): Promise<{ entries: Record<string, unknown>[] }> {
    return JSON.parse(await Deno.readTextFile(`${this.home.root}/${CACHE}`));
  }
}

/** Another time of day. */
function clockAt(time: string): Clock {
  return { ...PATIENT, now: () => new Date(time) };
}

for (
  const [kind, expected, requests] of [
    ["project", "Default\ndev-team\nstaging\n", ["/v1/dashboard/projects/metadata"]],
    ["virtual-cluster", "db\nweb\n", ["/v1/dashboard/spectroclusters/search"]],
    ["registry", "charts\ninternal\n", [
      "/v1/registries/helm/summary",
      "/v1/registries/oci/summary",
    ]],
  ] as const
) {
  Deno.test(`names of a ${kind} come from Palette, and leave a private file alone behind`, async () => {
    await using it = await World.make("web", "db");
    it.palette.state.registries = [registryOf("helm", "charts"), registryOf("basic", "internal")];
    const before = await it.home.files();
    const { stdout, stderr, status } = await it.complete([kind, "pde", "x"]);
    assertEquals({ stdout, stderr, status }, { stdout: expected, stderr: "", status: 0 });
    assertEquals(it.palette.requests.map(({ path }) => path).sort(), [...requests]);
    assertEquals(await it.home.files(), [CACHE, ...before].sort());
    const path = `${it.home.root}/${CACHE}`;
    const mode = async (of: string) => ((await Deno.stat(of)).mode ?? 0) & 0o777;
    assertEquals([await mode(path), await mode(`${it.home.workspace}/cache`)], [0o600, 0o700]);
    const text = await Deno.readTextFile(path);
    for (const secret of [ADMIN_KEY, PASSPHRASE]) assertEquals(text.includes(secret), false);
  });
}

Deno.test("names of a cluster group are each there once, without those the tenant hides", async () => {
  await using it = await World.make();
  const words = ["cluster-group", "pde", "cluster-group", "switch"];
  assertEquals((await it.complete(words)).stdout, "beehive\nshared\n");
  it.palette.state.hidesSystemGroups = true;
  it.palette.state.clusterGroups[1] = { uid: "x", name: "other", scope: "tenant" };
  const later = await it.complete(words, { clock: clockAt("2100-01-01T00:00:00Z") });
  assertEquals(later.stdout, "other\nshared\n");
});

Deno.test("names are kept for 30 s, by endpoint, scope and kind", async () => {
  await using it = await World.make("web");
  const at = (time: string) => ({ clock: clockAt(`2026-01-02T15:00:${time}Z`) });
  assertEquals((await it.complete(CLUSTERS, at("00"))).stdout, "web\n");
  assertEquals(await it.cached(), {
    entries: [{
      endpoint: it.palette.url,
      scope: DEV_PROJECT.uid,
      kind: "virtual-cluster",
      at: "2026-01-02T15:00:00.000Z",
      names: ["web"],
    }],
  });
  it.palette.state.clusters = [runningCluster("db")];
  const asked = it.palette.requests.length;
  const cached = await it.complete(CLUSTERS, at("29.999"));
  assertEquals({ stdout: cached.stdout, derivations: cached.derivations }, {
    stdout: "web\n",
    derivations: 0,
  });
  assertEquals(it.palette.requests.length, asked);
  await it.complete(["project", "project", "switch"], at("20"));
  assertEquals((await it.cached()).entries.map(({ kind, scope }) => [kind, scope]), [
    ["virtual-cluster", DEV_PROJECT.uid],
    ["project", it.palette.state.tenant.uid],
  ]);
  assertEquals((await it.complete(CLUSTERS, at("30"))).stdout, "db\n");
  assertEquals((await it.cached()).entries.map(({ kind }) => kind), ["project", "virtual-cluster"]);
  // A clock that was put back makes nothing fresh for ever.
  it.palette.state.clusters = [];
  const earlier = await it.complete(CLUSTERS, { clock: clockAt("2026-01-01T00:00:00Z") });
  assertEquals(earlier.stdout, "");
});

Deno.test("names of one project or Palette are not those of another", async () => {
  await using it = await World.make("web");
  assertEquals((await it.complete(CLUSTERS)).stdout, "web\n");
  const other = await it.complete(CLUSTERS, { env: { PALETTE_PROJECT: "staging" } });
  assertEquals(other.stdout, "");
  await it.home.seed({ endpoint: it.palette.url, project: STAGING_PROJECT });
  assertEquals((await it.complete(CLUSTERS)).stdout, "");
  await using second = await startFakePalette();
  second.state.clusters = [runningCluster("elsewhere")];
  await it.home.seed({ endpoint: second.url, project: DEV_PROJECT });
  assertEquals((await it.complete(CLUSTERS)).stdout, "elsewhere\n");
});

Deno.test("names come without a file from the environment's session", async () => {
  await using palette = await startFakePalette();
  palette.state.clusters = [runningCluster("web")];
  await using home = await Home.make();
  const env = {
    PALETTE_API_KEY: ADMIN_KEY,
    PALETTE_CONSOLE_URL: palette.url,
    PALETTE_PROJECT: "dev-team",
    PALETTE_ENCRYPTION_PASSWORD: undefined,
  };
  const { stdout } = await home.run(["completions", "complete", ...CLUSTERS], { env });
  assertEquals(stdout, "web\n");
  assertEquals(await home.files(), [CACHE]);
});

for (
  const [title, env] of [
    ["the passphrase would have to be asked for", { PALETTE_ENCRYPTION_PASSWORD: undefined }],
    ["the passphrase comes from standard input", {
      PALETTE_ENCRYPTION_PASSWORD: undefined,
      PALETTE_ENCRYPTION_PASSWORD_FILE: "-",
    }],
    ["the passphrase comes from a pipe", {
      PALETTE_ENCRYPTION_PASSWORD: undefined,
      PALETTE_ENCRYPTION_PASSWORD_FILE: "PIPE",
    }],
    ["the passphrase is no passphrase", { PALETTE_ENCRYPTION_PASSWORD: "short" }],
    ["variables are wrong", {
      PALETTE_ENCRYPTION_PASSWORD: undefined,
      PALETTE_FORMAT: "xml",
      PALETTE_LOG_LEVEL: "loud",
    }],
    ["everything is to be told", {
      PALETTE_ENCRYPTION_PASSWORD: undefined,
      PALETTE_FORMAT: "json",
      PALETTE_LOG_LEVEL: "trace",
    }],
    ["key and address do not belong together", {
      PALETTE_CONSOLE_URL: "https://other.example.com",
    }],
  ] as [string, Record<string, string | undefined>][]
) {
  Deno.test(`no names, no word, no derivation where ${title}`, async () => {
    await using it = await World.make("web");
    const pipe = `${it.home.root}/pipe`;
    if (env["PALETTE_ENCRYPTION_PASSWORD_FILE"] === "PIPE") {
      await new Deno.Command("mkfifo", { args: [pipe] }).output();
      env["PALETTE_ENCRYPTION_PASSWORD_FILE"] = pipe;
    }
    const before = await it.home.files();
    const { stdout, stderr, status, derivations } = await it.complete(CLUSTERS, { env });
    assertEquals({ stdout, stderr, status, derivations }, {
      stdout: "",
      stderr: "",
      status: 0,
      derivations: 0,
    });
    assertEquals(it.palette.requests, []);
    assertEquals(await it.home.files(), before);
  });
}

for (
  const [title, prepare] of [
    ["nobody is logged in", (it: World) => Deno.remove(it.home.configFile)],
    ["no project is active", (it: World) => it.home.seed({ endpoint: it.palette.url })],
    [
      "the passphrase is another",
      (it: World) =>
        it.home.seed({
          endpoint: it.palette.url,
          project: DEV_PROJECT,
          passphrase: OTHER_PASSPHRASE,
        }),
    ],
    ["the file is broken", (it: World) => Deno.writeTextFile(it.home.configFile, "a: [")],
    [
      "nothing answers",
      (it: World) => it.home.seed({ endpoint: "http://127.0.0.1:9", project: DEV_PROJECT }),
    ],
    ["the key is refused", (it: World) => it.palette.inject({ kind: "status", status: 401 })],
    ["Palette fails", (it: World) => it.palette.inject({ kind: "status", status: 500 })],
    ["a proxy answers", (it: World) => it.palette.inject({ kind: "html" })],
  ] as [string, (it: World) => void | Promise<void>][]
) {
  Deno.test(`no names and no word where ${title}`, async () => {
    await using it = await World.make("web");
    await prepare(it);
    const before = await it.home.files();
    const { stdout, stderr, status } = await it.complete(CLUSTERS);
    assertEquals({ stdout, stderr, status }, { stdout: "", stderr: "", status: 0 });
    assertEquals(await it.home.files(), before);
  });
}

Deno.test("completion gives up after a second, whatever Palette does", async () => {
  await using it = await World.make("web");
  it.palette.inject({ kind: "slow", delayMs: 4_000 });
  const startMs = performance.now();
  const { stdout, stderr, status } = await it.complete(CLUSTERS, { clock: systemClock() });
  const tookMs = performance.now() - startMs;
  assertEquals({ stdout, stderr, status }, { stdout: "", stderr: "", status: 0 });
  assertEquals(tookMs >= 950 && tookMs < 3_500, true, `${tookMs} ms`);
  assertEquals((await it.home.files()).includes(CACHE), false);
});

Deno.test("completion waits a second at most, not for another try", async () => {
  await using it = await World.make("web");
  it.palette.inject({ kind: "status", status: 503, times: 9 });
  const clock = new FakeClock();
  const { stdout, status } = await it.complete(CLUSTERS, { clock });
  assertEquals({ stdout, status }, { stdout: "", status: 0 });
  assertEquals(clock.sleeps[0], 1_000);
});

for (
  const [title, text] of [
    ["nothing", ""],
    ["no JSON", "{"],
    ["another shape", '{"entries": [{"kind": 1}, null, "x"], "more": 1}'],
    ["a list", "[]"],
  ] as const
) {
  Deno.test(`a cache that holds ${title} is written anew`, async () => {
    await using it = await World.make("web");
    await Deno.mkdir(`${it.home.workspace}/cache`);
    await Deno.writeTextFile(`${it.home.root}/${CACHE}`, text);
    assertEquals((await it.complete(CLUSTERS)).stdout, "web\n");
    assertEquals((await it.cached()).entries.map(({ names }) => names), [["web"]]);
  });
}

Deno.test("names that cannot be kept are printed all the same", async () => {
  await using it = await World.make("web");
  await Deno.writeTextFile(`${it.home.workspace}/cache`, "a file, not a folder");
  const { stdout, stderr, status } = await it.complete(CLUSTERS);
  assertEquals({ stdout, stderr, status }, { stdout: "web\n", stderr: "", status: 0 });
});

Deno.test("a name that a shell could make something of is left out", async () => {
  const bad = ["$(touch x)", "`x`", "-rf", "a;b", "a'b", 'a"b', "a\\b", "~", "a{1,2}", "a\nb", "*"];
  await using it = await World.make(...bad, "größe 2", "a.b_c@d:e/f,g=h+i");
  const { stdout } = await it.complete(CLUSTERS);
  assertEquals(stdout, "a.b_c@d:e/f,g=h+i\ngröße 2\n");
});

Deno.test("every flag that names something asks for a kind that there is", async () => {
  const tree = await buildTree("all", () => {}, () => {});
  const asked = new Map<string, string[]>();
  const collect = (command: typeof tree) => {
    for (const { name, args } of command.getBaseOptions(true)) {
      const { type, action } = args[0] ?? {};
      if (action === undefined || action === type) continue;
      asked.set(action, [...asked.get(action) ?? [], `${command.getPath()} --${name}`]);
    }
    command.getCommands(true).forEach(collect);
  };
  collect(tree);
  assertEquals([...NAME_KINDS.keys()].filter((kind) => !asked.has(kind)), []);
  const flags = (kind: string) => asked.get(kind) ?? [];
  assertStringIncludes(flags("project").join("\n"), "palette pde virtual-cluster list --project");
  assertEquals(flags("project").includes("palette project switch --name"), true);
  assertEquals(flags("cluster-group"), [
    "palette pde app create cluster-group --cluster-group-name",
    "palette pde cluster-group switch --name",
    "palette pde virtual-cluster create --cluster-group-name",
  ]);
  assertEquals(flags("registry"), [
    "palette pde registry delete --name",
    "palette pde registry describe --name",
  ]);
  assertEquals(flags("virtual-cluster").length, 7);
});

/** A home with `palette` on PATH, run from source, and the completion script of a shell. */
async function shellWorld(shell: string, ...clusters: string[]) {
  const it = await World.make(...clusters);
  const { root } = it.home;
  // What a shell asks for is kept already, whatever the machine is busy with.
  await it.complete(CLUSTERS);
  await it.complete(["project", "project", "switch"]);
  await Deno.mkdir(`${root}/bin`);
  const command = [Deno.execPath(), ...denoRunArgs(["-A"], MAIN)].map((word) =>
    `'${word.replaceAll("'", `'\\''`)}'`
  );
  await Deno.writeTextFile(`${root}/bin/palette`, `#!/bin/sh\nexec ${command.join(" ")} "$@"\n`, {
    mode: 0o700,
  });
  const script = `${root}/script`;
  await Deno.writeTextFile(script, (await it.home.run(["completion", shell])).stdout);
  const env = {
    HOME: root,
    PATH: `${root}/bin:${Deno.env.get("PATH")}`,
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
    LC_ALL: "C.UTF-8",
    TERM: "dumb",
    PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
  };
  return {
    script,
    async run(...args: string[]): Promise<string> {
      const signal = AbortSignal.timeout(30_000);
      const { stdout } = await new Deno.Command(shell, {
        ...{ args, env, cwd: root, clearEnv: true, signal },
      }).output();
      return new TextDecoder().decode(stdout);
    },
    files: () => it.home.files(),
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  };
}

Deno.test({
  name: "bash completes names with the script, and runs nothing that stands in one (needs bash)",
  ignore: !hasProgram("bash"),
  async fn() {
    await using it = await shellWorld("bash", "web-shop", "web two", "db", "$(touch ran)");
    const reply = await it.run(
      "--norc",
      "-c",
      `source ${it.script}
complete_at() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _palette; printf '%s\\n' "\${COMPREPLY[@]}" --; }
complete_at palette pde virtual-cluster delete --name web
complete_at palette pde virtual-cluster delete --name ""
complete_at palette pde virtual-cluster list --project de
complete_at palette project switch --name st`,
    );
    assertEquals(reply.split("--\n"), [
      "web\\ two\nweb-shop\n",
      "db\nweb\\ two\nweb-shop\n",
      "dev-team\n",
      "staging\n",
      "",
    ]);
    assertEquals((await it.files()).includes("ran"), false);
  },
});

Deno.test({
  name: "fish completes names with the script (needs fish)",
  ignore: !hasProgram("fish"),
  async fn() {
    await using it = await shellWorld("fish", "web-shop", "web two", "db");
    const reply = await it.run(
      "--no-config",
      "-c",
      `source ${it.script}; complete -C "palette pde virtual-cluster delete --name we"`,
    );
    assertEquals(reply.split("\n").map((line) => line.split("\t")[0]), [
      "web two",
      "web-shop",
      "",
    ]);
  },
});

Deno.test({
  name: "zsh completes names with the script (needs zsh)",
  ignore: !hasProgram("zsh"),
  async fn() {
    await using it = await shellWorld("zsh", "web-shop", "db");
    const reply = await it.run(
      "-f",
      "-c",
      `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; autoload -U compinit; compinit -u -D; source ${it.script}; print REA''DY"
zpty -r -m shell text "*READY*"
zpty -w -n shell $'palette pde virtual-cluster delete --name we\\t'
zpty -r -m shell text "*web-shop*" && print -r -- "COMPLETED"
zpty -d shell`,
    );
    assertStringIncludes(reply, "COMPLETED");
  },
});
