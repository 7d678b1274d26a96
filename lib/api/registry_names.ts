import type { PaletteClient } from "./client.ts";

export interface RegistryName {
  name: string;
  uid: string;
  /** `helm`, `oci`, `pack`, ...; as Palette writes it. */
  kind: string;
}

/** Names of all registries of all kinds, in one answer. */
export async function listRegistryNames(client: PaletteClient): Promise<RegistryName[]> {
  const answer = await client.call({ method: "GET", path: "/v1/registries/metadata" });
  return answer.at("items").list().map((item) => ({
    name: item.at("name").text(),
    uid: item.at("uid").text(),
    kind: item.at("kind").textOrEmpty(),
  }));
}
