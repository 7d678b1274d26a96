import { ApiError } from "./api_error.ts";
import type { PaletteClient } from "./client.ts";

/** What has to be acknowledged before a login. */
export interface LoginBanner {
  title: string;
  message: string;
}

/** Is there a Palette at the address? */
export async function ping(client: PaletteClient): Promise<void> {
  await client.call({ method: "GET", path: "/v1/health/ping", isAnonymous: true });
}

/** The banner of the whole installation; null when there is none or it is not for us. */
export async function getSystemBanner(client: PaletteClient): Promise<LoginBanner | null> {
  return await bannerAt(client, { path: "/v1/system/loginBanner", isAnonymous: true });
}

/** The banner of a tenant; null when there is none or it is not for us. */
export async function getTenantBanner(
  client: PaletteClient,
  tenantUid: string,
): Promise<LoginBanner | null> {
  const path = `/v1/tenants/${encodeURIComponent(tenantUid)}/loginBanner`;
  return await bannerAt(client, { path });
}

/** Version of the Palette; null to users who may not ask, which is most. */
export async function getServerVersion(client: PaletteClient): Promise<string | null> {
  return await tolerating([401, 403, 404], async () => {
    const answer = await client.call({ method: "GET", path: "/v1/system/version/installed" });
    return answer.at("version").textOrEmpty() || null;
  });
}

async function bannerAt(
  client: PaletteClient,
  request: { path: string; isAnonymous?: boolean },
): Promise<LoginBanner | null> {
  return await tolerating([401, 403, 404], async () => {
    const answer = await client.call({ method: "GET", ...request });
    if (!answer.at("isEnabled").flag()) return null;
    // The capital is Palette's own.
    return { title: answer.at("title").textOrEmpty(), message: answer.at("Message").textOrEmpty() };
  });
}

async function tolerating<T>(statuses: number[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError && statuses.includes(error.status ?? 0)) return null;
    throw error;
  }
}
