import type { ChartEntry, PackEntry, RawFileEntry } from "./bundle_definition.ts";

/** Names of items in a bundle's index and, below a registry's base, at a destination. */

/** `charts.example.com/stable/redis:1.2.0`; the chart's name is not repeated after one in the path. */
export function chartRef({ repo, name, version }: Pick<ChartEntry, "repo" | "name" | "version">) {
  const place = repo.replace(/^[a-z]+:\/\//i, "").replace(/\/+$/, "");
  const isOci = /^oci:/i.test(repo);
  const path = isOci && place.endsWith(`/${name}`) ? place : `${place}/${name}`;
  return `${path}:${tagOf(version)}`;
}

/** Where Palette looks for packs. */
export function packRef({ name, version }: Pick<PackEntry, "name" | "version">): string {
  return `spectro-packs/archive/${name}:${tagOf(version)}`;
}

export function rawRef({ path }: Pick<RawFileEntry, "path">): string {
  return `raw/${path}`;
}

/** Tags have no `+` (as Helm writes versions with build metadata to OCI registries). */
export function tagOf(version: string): string {
  return version.replaceAll("+", "_");
}
