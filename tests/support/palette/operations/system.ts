import { FLAG, object, type Operation, Refusal, TEXT } from "../operation.ts";
import type { Banner } from "../state.ts";

const BANNER = object({ isEnabled: FLAG, title: TEXT, Message: TEXT });

function bannerBody({ isEnabled, title, message }: Banner) {
  return { isEnabled, title, Message: message };
}

export const SYSTEM_OPERATIONS: Operation[] = [
  {
    id: "V1HealthPing",
    method: "GET",
    path: "/v1/health/ping",
    project: "refused",
    query: {},
    body: null,
    response: object({ msg: TEXT }),
    handle: () => ({ status: 200, body: { msg: "pong" } }),
  },
  {
    id: "v1SystemLoginBannerGet",
    method: "GET",
    path: "/v1/system/loginBanner",
    project: "refused",
    query: {},
    body: null,
    response: BANNER,
    handle: (_, { system }) => ({ status: 200, body: bannerBody(system.banner) }),
  },
  {
    id: "v1TenantUidLoginBannerGet",
    method: "GET",
    path: "/v1/tenants/{tenantUid}/loginBanner",
    project: "refused",
    query: {},
    body: null,
    response: BANNER,
    handle: ({ parameters }, { tenant }) => {
      if (parameters["tenantUid"] !== tenant.uid) {
        throw new Refusal(404, "ResourceNotFound", "The tenant was not found");
      }
      return { status: 200, body: bannerBody(tenant.banner) };
    },
  },
  {
    id: "V1SystemVersionInstalled",
    method: "GET",
    path: "/v1/system/version/installed",
    project: "refused",
    query: {},
    body: null,
    response: object({ version: TEXT }),
    handle: (_, { system }) => {
      if (!system.tellsVersion) {
        throw new Refusal(403, "OperationForbidden", "Only system administrators may ask");
      }
      return { status: 200, body: { version: system.version } };
    },
  },
];
