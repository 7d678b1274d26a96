import { formatPointer } from "../yaml/pointer.ts";
import type { SecretFileKind } from "../secrets/binding.ts";

/** Keys that lead to a field; `*` stands for any one key. */
export type FieldPath = readonly string[];

/** The fields that say where a credential is sent, and how the other side is known. */
export interface AddressFields {
  url: FieldPath;
  insecure?: FieldPath;
  caFile?: FieldPath;
}

/** A field whose value is a secret. */
export interface SecretField {
  path: FieldPath;
  /** What the last key looks like, where `*` stands for it; any by default. */
  key?: RegExp;
  /** `host`: the key before the last one names the address. Null: it is sent nowhere. */
  address: AddressFields | "host" | null;
}

const MGMT: AddressFields = {
  url: ["paletteConfig", "mgmt", "endpoint"],
  insecure: ["paletteConfig", "mgmt", "insecure"],
  caFile: ["paletteConfig", "mgmt", "caFile"],
};

/** Names of properties of a tier that hold secrets: `dbRootPassword`, `userPassword`, ... */
const SECRET_PROPERTY = /passw(or)?d|passphrase|secret|token/i;

/** Whether a property of an app profile's tier is a secret, by its name. */
export function isSecretProperty(name: string): boolean {
  return SECRET_PROPERTY.test(name);
}

/** The command that gives the secrets of a file anew. */
export function loginCommandOf(kind: SecretFileKind | null): string {
  return kind === "registry" ? "palette content registry-login" : "palette login";
}

/** Where `palette.yaml` keeps the API key. */
export const API_KEY_PATH = ["paletteConfig", "mgmt", "apikey"] as const;
export const PAIRING_CODE_PATH = ["paletteConfig", "mgmt", "pairingcode"] as const;
export const UBUNTU_TOKEN_PATH = ["paletteConfig", "ubuntuConfig", "token"] as const;
export const SCAR_PASSWORD_PATH = ["paletteConfig", "scarConfig", "scarPassword"] as const;

/**
 * Every secret of every kind of file, and what it is bound to. A kind without a row has secrets
 * that this version does not know: they are reported, never changed.
 */
export const SECRET_FIELDS: Partial<Record<SecretFileKind, readonly SecretField[]>> = {
  palette: [
    { path: API_KEY_PATH, address: MGMT },
    { path: PAIRING_CODE_PATH, address: MGMT },
    {
      path: SCAR_PASSWORD_PATH,
      address: { url: ["paletteConfig", "scarConfig", "scarLoc"] },
    },
    { path: UBUNTU_TOKEN_PATH, address: null },
  ],
  registry: [{ path: ["auths", "*", "auth"], address: "host" }],
  "app-profile": [
    { path: ["tiers", "*", "properties", "*"], key: SECRET_PROPERTY, address: null },
  ],
};

/** JSON Pointers of the secrets of a kind. */
export function secretPointers(kind: SecretFileKind): string[] {
  return (SECRET_FIELDS[kind] ?? []).map(({ path }) => formatPointer(path));
}

/** The field at a path; undefined when no secret belongs there. */
export function secretFieldAt(
  kind: SecretFileKind | null,
  path: FieldPath,
): SecretField | undefined {
  const fields = kind === null ? undefined : SECRET_FIELDS[kind];
  return fields?.find((field) =>
    field.path.length === path.length &&
    field.path.every((key, at) => key === "*" || key === path[at]) &&
    (field.key?.test(path.at(-1) ?? "") ?? true)
  );
}
