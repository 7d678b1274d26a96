import type { Credentials, CredentialSource } from "./credentials.ts";

/** Several sources, the first that has something wins; each registry is looked up once. */
export function credentialChain(
  sources: readonly CredentialSource[],
  onFound: (credentials: Credentials) => void,
): CredentialSource {
  const known = new Map<string, Promise<Credentials | null>>();
  const look = async (host: string, repository: string): Promise<Credentials | null> => {
    for (const source of sources) {
      const found = await source.find(host, repository);
      if (found === null) continue;
      onFound(found);
      return found;
    }
    return null;
  };
  return {
    find(host, repository) {
      const key = `${host}/${repository}`;
      const looking = known.get(key) ?? look(host, repository);
      known.set(key, looking);
      return looking;
    },
  };
}
