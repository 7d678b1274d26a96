import { assertEquals } from "@std/assert";
import type { ItemType } from "../../lib/content/bundle.ts";
import { destinationOf } from "../../lib/content/destination.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";

const HEX = "0123456789abcdef".repeat(4);

async function placeOf(ref: string, type: ItemType): Promise<string | null> {
  const place = await destinationOf({ ref, type }, "example", systemCrypto());
  return place === null ? null : `${place.repository}:${place.tag}`;
}

Deno.test("destinationOf() keeps the source of an item in its path", async () => {
  const cases: [ItemType, string, string | null][] = [
    [
      "stylus",
      "us-docker.pkg.dev/p/edge/stylus:v4.10.4",
      "us-docker.pkg.dev/p/edge/stylus:v4.10.4",
    ],
    ["image", "docker.io/library/nginx:1", "docker.io/library/nginx:1"],
    ["image", `docker.io/library/nginx:1@sha256:${HEX}`, "docker.io/library/nginx:1"],
    [
      "image",
      `docker.io/library/nginx@sha256:${HEX}`,
      `docker.io/library/nginx:pinned-sha256-${HEX.slice(0, 32)}`,
    ],
    ["image", "10.1.2.3:30003/app:1", "10.1.2.3_30003/app:1"],
    ["image", "localhost:5000/app:1", "localhost_5000/app:1"],
    ["image", "nginx:1", "nginx:1"],
    ["image", "v1", "example:v1"],
    [
      "chart",
      "https://helm.elastic.co/eck-operator:2.12.1+up1",
      "helm.elastic.co/eck-operator:2.12.1_up1",
    ],
    ["chart", "oci://ghcr.io/org/charts/name:1.0.0", "ghcr.io/org/charts/name:1.0.0"],
    ["pack", "spectro-packs/archive/nginx:1.0.0", "spectro-packs/archive/nginx:1.0.0"],
    ["bundle", "bundle-definition:other", "bundle-definition:other"],
    ["spc", "cluster-definition/Example:example", "cluster-definition/example:example"],
    ["customui", "ui.tar.zst", "custom-ui:example"],
    ["signature", "", "null:null"],
    ["signature", `sha256-${HEX}.sig`, `null:sha256-${HEX}.sig`],
    [
      "signature",
      `docker.io/library/nginx:sha256-${HEX}.sig`,
      `docker.io/library/nginx:sha256-${HEX}.sig`,
    ],
    ["image", "docker.io/library/nginx:a b", null],
    ["image", "docker.io//nginx:1", null],
  ];
  for (const [type, ref, place] of cases) {
    assertEquals([ref, await placeOf(ref, type)], [ref, place]);
  }
});

Deno.test("destinationOf() gives each raw file a place of its own", async () => {
  const places = [await placeOf("raw/a b/X.yaml", "raw"), await placeOf("raw/a/x.yaml", "raw")];
  assertEquals(places, [
    "raw/97f29dfc3f0a023d3a6d2b7da46c2b79:example",
    "raw/360c5e79267c6c41bf55813da89ad945:example",
  ]);
});
