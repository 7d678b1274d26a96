import { FLAG, object, type Operation, reading, Refusal, TEXT } from "../operation.ts";
import type { Banner } from "../state.ts";

const BANNER = object({ isEnabled: FLAG, title: TEXT, Message: TEXT });

function bannerBody({ isEnabled, title, message }: Banner) {
  return { isEnabled, title, Message: message };
}

export const SYSTEM_OPERATIONS: Operation[] = [
  reading({
    id: "V1HealthPing",
    path: "/v1/health/ping",
    project: "refused",
    response: object({ msg: TEXT }),
    handle: () => ({ status: 200, body: { msg: "pong" } }),
  }),
  reading({
    id: "v1SystemLoginBannerGet",
    path: "/v1/system/loginBanner",
    project: "refused",
    response: BANNER,
    handle: (_, { system }) => ({ status: 200, body: bannerBody(system.banner) }),
  }),
  reading({
    id: "v1TenantUidLoginBannerGet",
    path: "/v1/tenants/{tenantUid}/loginBanner",
    project: "refused",
    response: BANNER,
    handle: ({ parameters }, { tenant }) => {
      if (parameters["tenantUid"] !== tenant.uid) {
        throw new Refusal(404, "ResourceNotFound", "The tenant was not found");
      }
      return { status: 200, body: bannerBody(tenant.banner) };
    },
  }),
  reading({
    id: "V1SystemVersionInstalled",
    path: "/v1/system/version/installed",
    project: "refused",
    response: object({ version: TEXT }),
    handle: (_, { system }) => {
      if (!system.tellsVersion) {
        throw new Refusal(403, "OperationForbidden", "Only system administrators may ask");
      }
      return { status: 200, body: { version: system.version } };
    },
  }),
];
