/** The whole way: the command line, a stand-in for Palette, the real kubectl, an API server. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type ApiServer, kubeconfigFor, startApiServer } from "../../support/api_server.ts";
import { certificates } from "../../support/certificates.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { errorOf, Home, PASSPHRASE } from "../../support/home.ts";
import { type FakePalette, startFakePalette } from "../../support/palette/fake_palette.ts";
import { DEV_PROJECT } from "../../support/palette/state.ts";
import { hasProgram } from "../../support/programs.ts";

const ignore = !hasProgram("kubectl");
const MAIN = decodeURIComponent(new URL("../../../main.ts", import.meta.url).pathname);

const OBJECTS = [
  "/api/v1/namespaces/cluster-agent",
  "/api/v1/namespaces/cluster-agent/serviceaccounts/agent",
  "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/agent",
];

class World implements AsyncDisposable {
  private constructor(
    readonly palette: FakePalette,
    readonly server: ApiServer,
    readonly home: Home,
  ) {}

  static async make(options: Parameters<typeof startApiServer>[0] = {}): Promise<World> {
    const palette = await startFakePalette();
    const home = await Home.make();
    await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
    return new World(palette, await startApiServer(options), home);
  }

  async [Symbol.asyncDispose]() {
    await this.home[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.palette[Symbol.asyncDispose]();
  }

  async write(name: string, text: string): Promise<string> {
    const path = `${this.home.root}/${name}`;
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    return path;
  }

  run(args: string[]) {
    return this.home.run(["import", ...args], { clock: new FakeClock() });
  }
}

Deno.test({
  name: "import with a real kubectl, over TLS, with a token file (needs kubectl and openssl)",
  ignore: ignore || !hasProgram("openssl"),
  async fn() {
    const { server: tls, ca } = await certificates();
    await using it = await World.make({ tls });
    it.server.token = "of-a-file";
    await it.write("ca.pem", ca.cert);
    await it.write("token", "of-a-file");
    const given = { user: "{tokenFile: token}", caFile: "ca.pem" };
    const path = await it.write("edge.kubeconfig", kubeconfigFor(it.server.url, given));
    const result = await it.run(["--kubeconfig", path, "--wait"]);
    assertEquals([result.stdout, result.status], ["Imported cluster legacy\n", 0], result.stderr);
    assertEquals([...it.server.objects.keys()], OBJECTS);
  },
});

Deno.test({
  name: "a folder with a real kubectl: what fails does not stop the others (needs kubectl)",
  ignore,
  async fn() {
    await using it = await World.make();
    await using old = await startApiServer();
    old.version = "v1.18.20";
    await using strict = await startApiServer();
    strict.forbidden.add("clusterrolebindings");
    const folder = `${it.home.root}/clusters`;
    await Deno.mkdir(folder);
    const write = (name: string, url: string) =>
      it.write(`clusters/${name}`, kubeconfigFor(url, { cluster: "kubernetes" }));
    await write("a-gone.kubeconfig", "http://127.0.0.1:1");
    await write("b-old.kubeconfig", old.url);
    await write("c-strict.kubeconfig", strict.url);
    await write("d-fine.kubeconfig", it.server.url);
    const result = await it.run(["--kubeconfig-dir", folder, "-o", "json"]);
    const { items } = JSON.parse(result.stdout);
    const shown = items.map(({ name, status, error }: Record<string, unknown>) => [
      name,
      status,
      (error as { code: string } | null)?.code,
    ]);
    assertEquals(shown, [
      ["a-gone", "failed", "network"],
      ["b-old", "failed", "prerequisite"],
      ["c-strict", "failed", "forbidden"],
      ["d-fine", "imported", undefined],
    ]);
    assertEquals([errorOf(result)["code"], errorOf(result)["message"], result.status], [
      "network",
      "3 of 4 clusters could not be imported",
      1,
    ]);
    assertEquals(it.palette.state.clusters.map(({ name }) => name), ["d-fine"]);
    assertEquals([...it.server.objects.keys()], OBJECTS);
    assertEquals([old.objects.size, strict.objects.size], [0, 0]);
  },
});

Deno.test({
  name: "a manifest that a real kubectl applies in part is undone in Palette (needs kubectl)",
  ignore,
  async fn() {
    await using it = await World.make();
    const path = await it.write("edge.kubeconfig", kubeconfigFor(it.server.url));
    it.server.onCreate = (resource) => {
      if (resource === "serviceaccounts") it.server.forbidden.add("clusterrolebindings");
    };
    const result = await it.run(["--kubeconfig", path, "-o", "json"]);
    assertEquals([result.status, errorOf(result)["code"]], [1, "forbidden"]);
    assertMatch(
      String(errorOf(result)["message"]),
      /clusterrolebindings is forbidden.*; "legacy" was taken out of Palette again$/,
    );
    assertEquals([...it.server.objects.keys()], OBJECTS.slice(0, 2));
    assertEquals(it.palette.state.clusters[0]?.states[0], "Deleting");
  },
});

Deno.test({
  name:
    "Ctrl+C while a real kubectl applies: the process takes the cluster out again, and says so (needs kubectl)",
  ignore,
  async fn() {
    await using it = await World.make();
    const path = await it.write("edge.kubeconfig", kubeconfigFor(it.server.url));
    it.palette.state.importing.looks = 0;
    // Longer than a stopped run may take that has nothing to undo.
    it.palette.inject({ kind: "slow", delayMs: 1_500, method: "DELETE" });
    const applying = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    it.server.onCreate = (resource) => {
      if (resource !== "serviceaccounts") return;
      applying.resolve();
      return release.promise;
    };
    const { PATH = "", HOME = "" } = Deno.env.toObject();
    const child = new Deno.Command(Deno.execPath(), {
      args: denoRunArgs(["-A"], MAIN, "import", "--kubeconfig", path),
      clearEnv: true,
      env: {
        PATH,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? `${HOME}/.cache/deno`,
        DENO_NO_UPDATE_CHECK: "1",
        HOME: it.home.root,
        PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const ended = child.output();
    await Promise.race([applying.promise, ended]);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    release.resolve();
    const said = new TextDecoder().decode(stderr);
    const [cluster] = it.palette.state.clusters;
    assertEquals([code, new TextDecoder().decode(stdout)], [130, ""], said);
    assertStringIncludes(
      said,
      `Note: stopped; taking cluster "legacy" (${cluster?.uid}) out of Palette again\n` +
        'Error: stopped before cluster "legacy" was imported; "legacy" was taken out of Palette again\n',
    );
    assertEquals(cluster?.states[0], "Deleting");
    assertEquals([...it.server.objects.keys()][0], OBJECTS[0]);
  },
});
