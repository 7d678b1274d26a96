/** What Ctrl+C leaves behind, and says. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { kubeconfigFor } from "../../support/api_server.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeKubectl } from "../../support/fake_kubectl.ts";
import { type FakePalette, startFakePalette } from "../../support/palette/fake_palette.ts";
import { DEV_PROJECT } from "../../support/palette/state.ts";
import { Home, type RunResult } from "../../support/home.ts";

const CREATE = "/v1/spectroclusters/generic/import";

interface Stopping {
  palette: FakePalette;
  kubectl: FakeKubectl;
  clock: FakeClock;
  /** Sends the signal. */
  stop: () => void;
}

/** Runs an import of `a` and `b`, with something that stops it. */
async function stopped(
  arrange: (it: Stopping) => void,
  args: string[] = [],
): Promise<RunResult & { palette: FakePalette }> {
  await using palette = await startFakePalette();
  await using home = await Home.make();
  await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
  await Deno.mkdir(`${home.root}/clusters`);
  for (const cluster of ["a", "b"]) {
    const text = kubeconfigFor("https://10.0.0.1:6443", { cluster });
    await Deno.writeTextFile(`${home.root}/clusters/${cluster}.conf`, text);
  }
  const clock = new FakeClock();
  const kubectl = new FakeKubectl();
  let send: (signal: "SIGINT") => void = () => {};
  arrange({ palette, kubectl, clock, stop: () => send("SIGINT") });
  // The time that a stopped run has to clean up does not pass by itself.
  const sleep = clock.sleep.bind(clock);
  clock.sleep = (ms, signal) => signal === undefined ? new Promise(() => {}) : sleep(ms, signal);
  const result = await home.run(["import", "--kubeconfig-dir", `${home.root}/clusters`, ...args], {
    clock,
    exec: kubectl,
    onSignals: (given) => send = given,
  });
  const shown = (text: string) => text.replaceAll(home.root, "HOME");
  return { ...result, stdout: shown(result.stdout), stderr: shown(result.stderr), palette };
}

/** Names of what is in Palette and not being deleted. */
function namesIn({ state }: FakePalette): string[] {
  return state.clusters.filter(({ states }) => states[0] !== "Deleting").map(({ name }) => name);
}

/** An apply that is stopped in the middle of the second cluster. */
function stopSecond({ kubectl, stop }: Stopping): void {
  kubectl.apply = () => {
    if (kubectl.applied().length < 2) return {};
    stop();
    return { status: 130 };
  };
}

Deno.test("stopped before anything is registered, import registers nothing", async () => {
  const result = await stopped(({ kubectl, stop }) =>
    kubectl.version = () => {
      stop();
      return { status: 130 };
    }
  );
  assertEquals([result.status, result.stdout], [130, ""]);
  assertEquals(
    result.stderr,
    'Error: stopped before the cluster of "HOME/clusters/a.conf" was imported\n' +
      "Note: not tried: 1 of 2 kubeconfigs\n",
  );
  assertEquals(result.palette.requests.some(({ path }) => path === CREATE), false);
});

Deno.test("stopped while a cluster is registered, import takes it out again", async () => {
  const result = await stopped(({ palette, stop }) => {
    palette.inject({ kind: "slow", delayMs: 200, path: CREATE });
    const timer = setInterval(() => {
      if (!palette.requests.some(({ path }) => path === CREATE)) return;
      clearInterval(timer);
      stop();
    }, 10);
  });
  const uid = result.palette.state.clusters[0]?.uid;
  assertEquals([result.status, result.stdout], [130, ""]);
  assertEquals(
    result.stderr,
    `Note: stopped; taking cluster "a" (${uid}) out of Palette again\n` +
      'Error: stopped before cluster "a" was imported; "a" was taken out of Palette again\n' +
      "Note: not tried: 1 of 2 kubeconfigs\n",
  );
  assertEquals(namesIn(result.palette), []);
});

Deno.test("stopped while it waits for a manifest, import takes the cluster out again", async () => {
  const result = await stopped(({ clock, stop }) => {
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => {
      stop();
      return sleep(ms, signal);
    };
  });
  assertEquals([result.status, result.stdout], [130, ""]);
  assertStringIncludes(result.stderr, '"a" was taken out of Palette again\n');
  assertEquals(namesIn(result.palette), []);
});

Deno.test("stopped while kubectl applies, import says what stays where", async () => {
  const result = await stopped(stopSecond);
  assertEquals([result.status, result.stdout], [130, "Imported cluster a\n"]);
  assertMatch(
    result.stderr,
    new RegExp(
      'Note: stopped; taking cluster "b" \\([0-9a-f]{24}\\) out of Palette again\n' +
        'Error: stopped before cluster "b" was imported; "b" was taken out of Palette again\n' +
        "Hint: What was applied until then stays in the cluster\n$",
    ),
  );
  assertEquals(namesIn(result.palette), ["a"]);
});

Deno.test("stopped when kubectl has just applied everything, import keeps the cluster", async () => {
  const result = await stopped(({ kubectl, stop }) =>
    kubectl.apply = () => {
      stop();
      return { status: 0 };
    }
  );
  assertEquals([result.status, result.stdout], [130, "Imported cluster a\n"]);
  assertStringIncludes(result.stderr, "Note: not tried: 1 of 2 kubeconfigs\n");
  assertEquals(namesIn(result.palette), ["a"]);
});

Deno.test("stopped while it waits for clusters to run, import keeps them and says so", async () => {
  const result = await stopped(({ clock, stop }) => {
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => {
      if (ms === 10_000) stop();
      return sleep(ms, signal);
    };
  }, ["--wait"]);
  assertEquals(
    [result.status, result.stdout],
    [130, "Imported cluster a\nImported cluster b\n"],
  );
  assertStringIncludes(
    result.stderr,
    "Note: stopped waiting; The import of 2 clusters goes on in Palette\n",
  );
  assertEquals(namesIn(result.palette), ["a", "b"]);
});

Deno.test("stopped with -o json, import has what it did on stdout", async () => {
  const result = await stopped(stopSecond, ["-o", "json"]);
  assertEquals([result.status, result.stderr], [130, ""]);
  const { items } = JSON.parse(result.stdout);
  const shown = items.map(({ name, status, error }: Record<string, unknown>) => [
    name,
    status,
    (error as { code: string } | null)?.code,
  ]);
  assertEquals(shown, [["a", "imported", undefined], ["b", "failed", "aborted"]]);
});

Deno.test("stopped, import says so when it cannot take a cluster out again", async () => {
  const result = await stopped(({ palette, kubectl, stop }) =>
    kubectl.apply = () => {
      palette.inject({ kind: "status", status: 500, method: "DELETE" });
      stop();
      return { status: 130 };
    }
  );
  const uid = result.palette.state.clusters[0]?.uid;
  assertStringIncludes(
    result.stderr,
    `Error: stopped before cluster "a" was imported; "a" is still in Palette (${uid}): `,
  );
  assertStringIncludes(
    result.stderr,
    "Hint: Delete it in the Palette console, then try again\n",
  );
});
