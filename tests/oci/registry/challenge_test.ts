import { assertEquals } from "@std/assert";
import { parseChallenges } from "../../../lib/oci/registry/challenge.ts";
import { mergeScopes, repositoryOf } from "../../../lib/oci/registry/scopes.ts";

const CASES: [string, ReturnType<typeof parseChallenges>][] = [
  ["", []],
  ["Basic", [{ scheme: "basic", parameters: {} }]],
  [
    'Basic realm="a \\"b\\", c"',
    [{ scheme: "basic", parameters: { realm: 'a "b", c' } }],
  ],
  [
    'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push"',
    [{
      scheme: "bearer",
      parameters: {
        realm: "https://auth.example.com/token",
        service: "registry",
        scope: "repository:a/b:pull,push",
      },
    }],
  ],
  [
    'BASIC realm=x, Bearer Realm = "y" , error="insufficient_scope"',
    [
      { scheme: "basic", parameters: { realm: "x" } },
      { scheme: "bearer", parameters: { realm: "y", error: "insufficient_scope" } },
    ],
  ],
  [
    'Negotiate YII=, Basic realm="x"',
    [{ scheme: "negotiate", parameters: {} }, { scheme: "basic", parameters: { realm: "x" } }],
  ],
  ['Basic realm="first", realm="second"', [{ scheme: "basic", parameters: { realm: "first" } }]],
  ['"', []],
];

for (const [header, challenges] of CASES) {
  Deno.test(`parseChallenges() reads ${header || "nothing"}`, () => {
    assertEquals(parseChallenges(header), challenges);
  });
}

Deno.test("mergeScopes() names each resource once", () => {
  assertEquals(
    mergeScopes(
      ["repository:a/b:pull", "repository:c:pull"],
      "repository:a/b:pull,push registry:catalog:* x",
    ),
    ["repository:a/b:pull,push", "repository:c:pull", "registry:catalog:*"],
  );
});

Deno.test("repositoryOf() takes the first scope", () => {
  assertEquals(repositoryOf(["repository:a/b:pull,push", "repository:c:pull"]), "a/b");
  assertEquals(repositoryOf(["registry:catalog:*"]), "");
  assertEquals(repositoryOf([]), "");
});
