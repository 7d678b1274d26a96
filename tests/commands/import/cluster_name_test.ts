import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { clusterNameOf } from "../../../lib/commands/import/cluster_name.ts";

const NAMES: [string, string, string, boolean, string][] = [
  ["a name that is one", "prod-1", "/k/other.kubeconfig", true, "prod-1"],
  ["capitals and signs", "Prod_EU.West 1", "/k/x", true, "prod-eu-west-1"],
  ["signs at both ends", "--(prod)--", "/k/x", true, "prod"],
  ["a run of signs, one for one", "a//b", "/k/x", true, "a--b"],
  ["one sign for a character of two units", "a\u{1f600}b", "/k/x", true, "a-b"],
  ["the name of a cloud", "gke_proj_europe-west1_web", "/k/x", true, "gke-proj-europe-west1-web"],
  ["a generic name", "kubernetes", "/k/edge-7.kubeconfig", true, "edge-7"],
  ["a generic name in capitals", "Default", "/k/edge-7", true, "edge-7"],
  ["a generic name of another kind", "cluster", "/k/Edge_7.yaml", true, "edge-7"],
  ["several endings", "kubernetes", "/k/edge.kubeconfig.yml", true, "edge"],
  ["an ending that is none", "kubernetes", "/k/edge.v2", true, "edge-v2"],
  ["a generic file", "kubernetes", "/k/config", true, "kubernetes"],
  ["another generic file", "kubernetes", "/k/kubeconfig.yaml", true, "kubernetes"],
  ["a file that nobody named", "kubernetes", "/k/edge-7.kubeconfig", false, "kubernetes"],
  ["no letter at all", "本番", "/k/honban.conf", true, "honban"],
  ["no letter in a generic file", "本番", "/k/config", true, "config"],
  ["a name that only contains a generic one", "my-cluster", "/k/x", true, "my-cluster"],
];

for (const [title, clusterName, path, isGiven, wanted] of NAMES) {
  Deno.test(`clusterNameOf() of ${title}`, () => {
    assertEquals(clusterNameOf({ clusterName, path, isGiven }, ""), wanted);
  });
}

Deno.test("clusterNameOf() keeps the end of a long name, and room for a suffix", () => {
  const clusterName = `arn:aws:eks:eu-central-1:123456789012:cluster/${"a".repeat(30)}-prod`;
  const source = { clusterName, path: "/k/x", isGiven: true };
  const name = clusterNameOf(source, "");
  assertEquals([name.length, name.endsWith("a-prod")], [63, true]);
  const suffixed = clusterNameOf(source, "-b4430654");
  assertEquals(suffixed.length <= 63, true);
  assertEquals(suffixed.endsWith("a-prod-b4430654"), true);
});

Deno.test("clusterNameOf() does not begin with a sign where it cut a name", () => {
  const clusterName = `x-${"a".repeat(62)}`;
  assertEquals(clusterNameOf({ clusterName, path: "/k/x", isGiven: true }, ""), "a".repeat(62));
});

Deno.test("clusterNameOf() adds a suffix to a stem, too", () => {
  const source = { clusterName: "default", path: "/k/edge.conf", isGiven: true };
  assertEquals(clusterNameOf(source, "-b4430654"), "edge-b4430654");
});

Deno.test("clusterNameOf() refuses what makes no name", () => {
  const error = assertThrows(
    () => clusterNameOf({ clusterName: "本番", path: "/k/本番.conf", isGiven: false }, ""),
    UserError,
  );
  assertEquals(
    [error.code, error.message],
    ["validation", 'Cannot make a name of cluster "本番" in "/k/本番.conf"'],
  );
});
