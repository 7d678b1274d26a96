/** What a host tells about itself; each of it is a help, and none is needed. */

import { UserError } from "../../errors.ts";
import type { EdgeHost } from "./edge_host.ts";

const CURRENT = "/v1/edge-mgmt/edgehosts/current";

/** The key that content must be signed with, in PEM; null when there is none, or nobody tells. */
export async function getSigningKey(host: EdgeHost): Promise<string | null> {
  const fields = await ask(host, `${CURRENT}/actions/content/signing-public-key`);
  const key = fields?.["key"];
  if (typeof key !== "string" || key === "") return null;
  if (key.includes("-----BEGIN ")) return key;
  try {
    return atob(key.replace(/\s+/g, ""));
  } catch {
    return null;
  }
}

/** `amd64` or `arm64`; null when it is not told. */
export async function getArchitecture(host: EdgeHost): Promise<string | null> {
  const fields = await ask(host, CURRENT);
  const arch = at(fields, "spec", "hardwareSpec", "archType");
  return typeof arch === "string" && arch !== "" ? arch : null;
}

/** What was uploaded last; null when it is not told. */
export async function getUploadedContent(
  host: EdgeHost,
): Promise<{ fileName: string; size: number | null; sha256: string | null } | null> {
  const fields = await ask(host, `${CURRENT}/uploaded-content/details`);
  const { fileName, sizeInBytes, sha256Hash } = fields ?? {};
  if (typeof fileName !== "string") return null;
  const hash = typeof sha256Hash === "string" ? sha256Hash.toLowerCase() : "";
  return {
    fileName,
    size: typeof sizeInBytes === "number" ? sizeInBytes : null,
    sha256: /^[0-9a-f]{64}$/.test(hash) ? hash : null,
  };
}

/** A token for uploads may not do for these calls: the upload itself tells whether it is good. */
async function ask(host: EdgeHost, path: string): Promise<Record<string, unknown> | null> {
  try {
    const { status, json } = await host.call({ method: "GET", path });
    if (status === 200 && typeof json === "object" && json !== null) {
      return json as Record<string, unknown>;
    }
    host.log.debug(`${path} is not told`, { status });
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "auth-invalid") throw error;
    host.log.debug(`${path} is not told to this token`);
  }
  return null;
}

function at(value: unknown, ...names: string[]): unknown {
  return names.reduce<unknown>(
    (inner, name) =>
      typeof inner === "object" && inner !== null
        ? (inner as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}
