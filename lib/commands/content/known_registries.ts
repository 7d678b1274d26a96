import { ApiError } from "../../api/api_error.ts";
import type { PaletteClient } from "../../api/client.ts";
import { listRegistries, type Registry, type RegistryType } from "../../api/registries.ts";
import { getRegistry } from "../../api/registry_access.ts";
import type { CredentialSource } from "../../oci/credentials/credentials.ts";
import { nearestKey, normalizeKey } from "../../oci/credentials/registry_key.ts";

/**
 * Credentials of the registries that Palette knows, each for its own host alone. Palette is asked
 * once, when a registry is the first to need some, and then only for what it knows of that host.
 * @param paletteOf Null as long as no project is open.
 */
export function knownRegistryLogins(paletteOf: () => PaletteClient | null): CredentialSource {
  let listing: Promise<Registry[]> | null = null;
  return {
    async find(host, repository) {
      const palette = paletteOf();
      if (palette === null) return null;
      const listed = await (listing ??= listKnown(palette));
      const onHost = listed.filter(({ endpoint }) => hostOf(endpoint) === normalizeKey(host));
      const found = await Promise.all(
        onHost.map(({ uid, type }) => getRegistry(palette, { uid, kind: type })),
      );
      const logins = found.flatMap((registry) =>
        registry === null || registry.credentials === null
          ? []
          : [{ place: placeOf(registry), credentials: registry.credentials }]
      );
      // Several may share a host; one that holds something else there is better than none.
      const nearest = nearestKey(logins.map(({ place }) => place), host, repository);
      const login = logins.find(({ place }) => place === nearest) ?? logins[0];
      return login === undefined ? null : { kind: "password", ...login.credentials };
    },
  };
}

/** What a user may not see has no credentials for them. */
async function listKnown(palette: PaletteClient): Promise<Registry[]> {
  const list = async (type: RegistryType) => {
    try {
      return await listRegistries(palette, type);
    } catch (error) {
      if (error instanceof ApiError && [403, 404].includes(error.status ?? 0)) return [];
      throw error;
    }
  };
  return (await Promise.all([list("oci"), list("helm")])).flat();
}

/** As keys of logins are compared; null for what is no address. */
function hostOf(endpoint: string): string | null {
  const url = addressOf(endpoint);
  return url === null ? null : normalizeKey(url.host);
}

function placeOf({ endpoint, basePath }: { endpoint: string; basePath: string }): string {
  const url = addressOf(endpoint);
  const path = `${url?.pathname ?? ""}/${basePath}`.split("/").filter((part) => part !== "");
  return [url?.host ?? "", ...path].join("/");
}

function addressOf(endpoint: string): URL | null {
  const address = /^[a-z]+:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
  // Only of HTTP a default port drops out.
  const text = address.replace(/^oci:/i, "https:");
  return URL.canParse(text) ? new URL(text) : null;
}
