import { ApiError } from "./api_error.ts";
import type { PaletteClient } from "./client.ts";

/** Whose key it is. */
export interface UserInfo {
  organization: string;
  tenantUid: string;
  userUid: string;
}

export interface User {
  uid: string;
  email: string;
  name: string;
}

/** Checks the key and tells whose it is; the cheapest call that needs one. */
export async function getUserInfo(client: PaletteClient): Promise<UserInfo> {
  const answer = await client.call({ method: "GET", path: "/v1/users/info" });
  return {
    organization: answer.at("orgName").textOrEmpty(),
    tenantUid: answer.at("tenantUid").text(),
    userUid: answer.at("userUid").text(),
  };
}

export async function getUser(client: PaletteClient, uid: string): Promise<User> {
  const answer = await client.call({ method: "GET", path: `/v1/users/${encodeURIComponent(uid)}` });
  const spec = answer.at("spec");
  const name = [spec.at("firstName").textOrEmpty(), spec.at("lastName").textOrEmpty()];
  return { uid, email: spec.at("emailId").textOrEmpty(), name: name.filter(Boolean).join(" ") };
}

/** Only tenant administrators may list the users of a tenant. */
export async function isTenantAdmin(client: PaletteClient): Promise<boolean> {
  try {
    await client.call({ method: "GET", path: "/v1/users", query: { limit: "1" } });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === "forbidden") return false;
    throw error;
  }
}

/** Organisations the caller belongs to; null where Palette does not tell. */
export async function listOrganizations(client: PaletteClient): Promise<string[] | null> {
  try {
    const answer = await client.call({ method: "GET", path: "/v1/auth/orgs" });
    return answer.at("organizations").list().map((item) => item.at("name").textOrEmpty())
      .filter((name) => name !== "");
  } catch (error) {
    if (error instanceof ApiError && [401, 403, 404, 405, 501].includes(error.status ?? 0)) {
      return null;
    }
    throw error;
  }
}
