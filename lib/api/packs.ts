import type { PaletteClient } from "./client.ts";
import { listPages } from "./pages.ts";

/** Where a pack can be had. */
export interface PackSource {
  name: string;
  /** `spectro`, `helm`, `manifest` or `oci`. */
  type: string;
  registry: { name: string; uid: string };
}

export interface PackVersion {
  version: string;
  packUid: string;
}

/** A setting that a pack takes. */
export interface PackParameter {
  name: string;
  description: string;
  defaultValue: string;
  /** It is masked, and sent in base64. */
  isSecret: boolean;
  isOptional: boolean;
  /** The only values there are; empty for any. */
  choices: string[];
}

export interface Pack {
  name: string;
  registryUid: string;
  /** Values in YAML, as the pack brings them. */
  values: string;
  parameters: PackParameter[];
}

export interface PackFilter {
  name?: string;
  registryUid?: string;
  addOnTypes?: string[];
}

/** Packs by name, a row for each registry that has it. */
export async function findPacks(
  client: PaletteClient,
  { name, registryUid, addOnTypes }: PackFilter,
): Promise<PackSource[]> {
  const filter = {
    ...(name === undefined ? {} : { name: { eq: name, ignoreCase: false } }),
    ...(registryUid === undefined ? {} : { registryUid: [registryUid] }),
    ...(addOnTypes === undefined ? {} : { addOnType: addOnTypes }),
  };
  const request = {
    method: "POST",
    path: "/v1/packs/search",
    body: { filter, sort: [{ field: "name", order: "asc" }] },
  };
  const found: PackSource[] = [];
  for await (const item of listPages(client, request)) {
    const spec = item.at("spec");
    const packName = spec.at("name").text();
    if (name !== undefined && packName !== name) continue;
    for (const registry of spec.at("registries").list()) {
      const uid = registry.at("uid").text();
      if (registryUid !== undefined && uid !== registryUid) continue;
      found.push({
        name: packName,
        type: spec.at("type").textOrEmpty(),
        registry: { name: registry.at("name").textOrEmpty(), uid },
      });
    }
  }
  return found;
}

/** Versions of a pack in a registry, as the registry orders them. */
export async function listPackVersions(
  client: PaletteClient,
  name: string,
  registryUid: string,
): Promise<PackVersion[]> {
  const path = `/v1/packs/${encodeURIComponent(name)}/registries/${
    encodeURIComponent(registryUid)
  }`;
  const answer = await client.call({ method: "GET", path });
  return answer.at("tags").list().map((tag) => ({
    version: tag.at("version").textOrEmpty() || tag.at("tag").textOrEmpty(),
    packUid: tag.at("packUid").text(),
  }));
}

/** One version of a pack. */
export async function getPack(client: PaletteClient, packUid: string): Promise<Pack> {
  const path = `/v1/packs/${encodeURIComponent(packUid)}`;
  const answer = await client.call({ method: "GET", path });
  const all = answer.at("packValues").list();
  const content = all.find((item) => item.at("packUid").textOrEmpty() === packUid) ?? all[0];
  return {
    name: answer.at("name").textOrEmpty(),
    registryUid: answer.at("registryUid").textOrEmpty(),
    values: content?.at("values").textOrEmpty() ?? "",
    parameters: content?.at("template", "parameters", "inputParameters").list()
      .filter((parameter) => !parameter.at("hidden").flag())
      .map((parameter) => ({
        name: parameter.at("name").text(),
        description: parameter.at("description").textOrEmpty(),
        defaultValue: parameter.at("value").textOrEmpty(),
        isSecret: parameter.at("format").textOrEmpty() === "password",
        isOptional: parameter.at("optional").flag(),
        choices: parameter.at("listOptions").list().map((choice) => choice.text()),
      })) ?? [],
  };
}
