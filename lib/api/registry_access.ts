import { Secret } from "../secrets/secret.ts";
import type { Answer } from "./answer.ts";
import { ApiError } from "./api_error.ts";
import type { PaletteClient } from "./client.ts";

/** A registry of charts or packs that Palette knows. */
export interface PaletteRegistry {
  uid: string;
  /** How it is spoken to. */
  kind: "helm" | "oci" | "pack";
  endpoint: string;
  /** Where its content begins below the endpoint; empty for none. */
  basePath: string;
  /** Null where it needs none, or Palette does not tell. */
  credentials: { username: string; password: Secret } | null;
}

type Reader = (uid: string) => { path: string; read: (spec: Answer) => PaletteRegistry };

const READERS: Record<"helm" | "pack" | "basic" | "ecr", Reader> = {
  helm: (uid) => ({
    path: `/v1/registries/helm/${encodeURIComponent(uid)}`,
    read: (spec) => registryOf(uid, "helm", spec),
  }),
  pack: (uid) => ({
    path: `/v1/registries/pack/${encodeURIComponent(uid)}`,
    read: (spec) => registryOf(uid, "pack", spec),
  }),
  basic: (uid) => ({
    path: `/v1/registries/oci/${encodeURIComponent(uid)}/basic`,
    read: (spec) => registryOf(uid, "oci", spec),
  }),
  ecr: (uid) => ({
    path: `/v1/registries/oci/${encodeURIComponent(uid)}/ecr`,
    read: (spec) => registryOf(uid, "oci", spec),
  }),
};

/**
 * A registry; null when the user may not read it.
 * @param kind As lists of registries write it: asked for first.
 */
export async function getRegistry(
  client: PaletteClient,
  { uid, kind }: { uid: string; kind: string },
): Promise<PaletteRegistry | null> {
  const names = Object.keys(READERS) as (keyof typeof READERS)[];
  const isOci = /oci|ecr/i.test(kind);
  const first = names.filter((name) =>
    isOci ? name === "basic" || name === "ecr" : kind.toLowerCase().includes(name)
  );
  for (const name of new Set([...first, ...names])) {
    const { path, read } = READERS[name](uid);
    try {
      return read((await client.call({ method: "GET", path })).at("spec"));
    } catch (error) {
      if (!(error instanceof ApiError) || ![403, 404].includes(error.status ?? 0)) throw error;
    }
  }
  return null;
}

function registryOf(uid: string, kind: PaletteRegistry["kind"], spec: Answer): PaletteRegistry {
  const username = spec.at("auth", "username").textOrEmpty();
  const password = spec.at("auth", "password").textOrEmpty();
  // A masked password is none.
  const isKnown = username !== "" && password !== "" && !/^\*+$/.test(password);
  return {
    uid,
    kind,
    endpoint: spec.at("endpoint").text(),
    basePath: spec.at("baseContentPath").textOrEmpty() || spec.at("basePath").textOrEmpty(),
    credentials: isKnown ? { username, password: new Secret(password) } : null,
  };
}

/**
 * Hosts whose images this Palette takes from elsewhere, and the place each is taken from:
 * `docker.io` from `images.example.com/mirror`. Empty when there are none, or the user may not know.
 */
export async function getImageMirrors(client: PaletteClient): Promise<Map<string, string>> {
  try {
    const answer = await client.call({ method: "GET", path: "/v1/registries/oci/image" });
    const pairs = answer.at("mirrorRegistries").textOrEmpty().split(",")
      .map((pair) => /^\s*([^\s:]+(?::\d+)?)::(\S+?)\/*\s*$/.exec(pair));
    return new Map(
      pairs.filter((pair) => pair !== null).map(([, host = "", target = ""]) => [
        host,
        // The API version is part of a mirror's address, not of a reference.
        target.replace(/^[a-z]+:\/\//, "").replace(/^([^/]+)\/v2(?=\/|$)/, "$1"),
      ]),
    );
  } catch (error) {
    if (error instanceof ApiError && [403, 404].includes(error.status ?? 0)) return new Map();
    throw error;
  }
}
