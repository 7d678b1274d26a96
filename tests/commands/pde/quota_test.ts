import { assertEquals, assertStringIncludes } from "@std/assert";
import { startFakePalette } from "../../support/palette/fake_palette.ts";
import { DEV_PROJECT } from "../../support/palette/state.ts";
import { errorOf, Home, type Seed } from "../../support/home.ts";

const USAGE = "/v1/clustergroups/developerCredit/usage";

async function world(seed: Partial<Seed> = { project: DEV_PROJECT }) {
  const palette = await startFakePalette();
  const home = await Home.make();
  await home.seed({ endpoint: palette.url, ...seed });
  return {
    palette,
    run: (...args: string[]) => home.run(["pde", "quota", ...args]),
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await palette[Symbol.asyncDispose]();
    },
  };
}

Deno.test("quota prints what is used, allowed and left, in both scopes", async () => {
  await using it = await world();
  it.palette.inject({
    kind: "answer",
    path: `${USAGE}/tenant`,
    body: {
      allocatedCredit: { cpu: 2.3, memoryGiB: 8, virtualClustersLimit: 3 },
      usedCredit: { cpu: 2.2, memoryGiB: 9, storageGiB: 7, virtualClustersLimit: 0 },
    },
  });
  const { stdout, stderr, status } = await it.run();
  assertEquals(
    stdout,
    "SCOPE   RESOURCE          USED  LIMIT  LEFT\n" +
      "system  virtual-clusters  1     2      1\n" +
      "system  cpu               4     12     8\n" +
      "system  memory-gb         4     12     8\n" +
      "system  storage-gb        4     20     16\n" +
      "tenant  virtual-clusters  0     3      3\n" +
      "tenant  cpu               2.2   2.3    0.1\n" +
      "tenant  memory-gb         9     8      0\n" +
      "tenant  storage-gb        7     -      -\n",
  );
  assertEquals({ stderr, status }, { stderr: "", status: 0 });
  assertEquals(
    it.palette.requests.map(({ path, headers }) => [path, headers.get("projectuid")]).sort(),
    [[`${USAGE}/system`, DEV_PROJECT.uid], [`${USAGE}/tenant`, DEV_PROJECT.uid]],
  );
});

Deno.test("quota --scope asks for one scope alone, without an active project too", async () => {
  await using it = await world({});
  it.palette.inject({
    kind: "answer",
    path: `${USAGE}/tenant`,
    body: { allocatedCredit: { cpu: 2 }, usedCredit: {} },
  });
  const { stdout } = await it.run("--scope", "tenant", "-o", "json");
  assertEquals(JSON.parse(stdout), {
    items: [
      { scope: "tenant", resource: "virtual-clusters", used: null, limit: null, left: null },
      { scope: "tenant", resource: "cpu", used: null, limit: 2, left: 2 },
      { scope: "tenant", resource: "memory-gb", used: null, limit: null, left: null },
      { scope: "tenant", resource: "storage-gb", used: null, limit: null, left: null },
    ],
    count: 4,
  });
  assertEquals(it.palette.requests.map(({ path, headers }) => [path, headers.get("projectuid")]), [
    [`${USAGE}/tenant`, null],
  ]);
});

Deno.test("quota refuses a scope that has none", async () => {
  await using it = await world();
  const result = await it.run("--scope", "project", "-o", "json");
  assertEquals(result.status, 1);
  assertEquals(errorOf(result)["code"], "usage");
  assertEquals(errorOf(result)["message"], '--scope must be one of system, tenant, not "project"');
  assertEquals(it.palette.requests, []);
});

Deno.test("quota shows Palette's refusal and prints nothing", async () => {
  await using it = await world();
  it.palette.inject({ kind: "status", status: 403, path: `${USAGE}/system` });
  const { status, stdout, stderr } = await it.run();
  assertEquals({ status, stdout }, { status: 1, stdout: "" });
  assertStringIncludes(stderr, 'Error: not allowed in the scope of project "dev-team"');
});
