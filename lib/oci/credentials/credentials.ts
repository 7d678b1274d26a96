import type { Secret } from "../../secrets/secret.ts";

/** What proves to a registry who asks. */
export type Credentials =
  | { kind: "password"; username: string; password: Secret }
  /** A refresh token (`identitytoken` of Docker's file), good at the token realm alone. */
  | { kind: "identity-token"; username: string; token: Secret };

/** Where credentials are looked for. */
export interface CredentialSource {
  /**
   * Those for a repository; null when there are none.
   * @param host As references write it: `docker.io`, `127.0.0.1:5000`.
   * @param repository Empty for the registry as a whole.
   */
  find(host: string, repository: string): Promise<Credentials | null>;
}

/** Nobody has logged in anywhere. */
export const NO_CREDENTIALS: CredentialSource = { find: () => Promise.resolve(null) };
