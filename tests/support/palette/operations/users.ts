import {
  FLAG,
  LABELS,
  LIST_META,
  object,
  type Operation,
  PAGE_QUERY,
  pageOf,
  reading,
  Refusal,
  TEXT,
} from "../operation.ts";
import type { PaletteUser } from "../state.ts";

const USER = object({
  metadata: object({ name: TEXT, uid: TEXT, labels: LABELS, annotations: LABELS }),
  spec: object({
    emailId: TEXT,
    firstName: TEXT,
    lastName: TEXT,
    roles: { type: "array", items: TEXT },
  }),
  status: object({ isActive: FLAG }),
});

function userBody({ uid, email, firstName, lastName }: PaletteUser) {
  return {
    metadata: { name: email, uid },
    spec: { emailId: email, firstName, lastName, roles: [] },
    status: { isActive: true },
  };
}

export const USER_OPERATIONS: Operation[] = [
  reading({
    id: "v1AuthOrg",
    path: "/v1/auth/org",
    project: "refused",
    query: { orgName: TEXT },
    response: object({
      appEnv: TEXT,
      authType: { enum: ["password", "sso"] },
      orgName: TEXT,
      totalTenants: { type: "integer" },
    }),
    handle: (_, { tenant, system }) => ({
      status: 200,
      body: {
        appEnv: system.appEnv,
        authType: "password",
        orgName: tenant.orgName,
        totalTenants: 1,
      },
    }),
  }),
  reading({
    id: "V1AuthOrgs",
    path: "/v1/auth/orgs",
    project: "refused",
    response: object({
      organizations: { type: "array", items: object({ name: TEXT, authType: TEXT }) },
    }),
    handle: ({ user }) => ({
      status: 200,
      body: {
        organizations: (user?.organizations ?? []).map((name) => ({ name, authType: "password" })),
      },
    }),
  }),
  reading({
    id: "v1UsersInfoGet",
    path: "/v1/users/info",
    project: "refused",
    response: object({ orgName: TEXT, tenantUid: TEXT, userUid: TEXT }),
    handle: ({ user }, { tenant }) => ({
      status: 200,
      body: { orgName: tenant.orgName, tenantUid: tenant.uid, userUid: user?.uid ?? "" },
    }),
  }),
  reading({
    id: "v1UsersList",
    path: "/v1/users",
    project: "refused",
    query: { ...PAGE_QUERY, fields: TEXT, filters: TEXT, orderBy: TEXT },
    response: object({ items: { type: "array", items: USER }, listmeta: LIST_META }, ["items"]),
    handle: ({ user, query }, { users }) => {
      if (user?.isTenantAdmin !== true) {
        throw new Refusal(403, "OperationForbidden", "The user has no permission user.list");
      }
      return { status: 200, body: pageOf(users.map(userBody), query) };
    },
  }),
  reading({
    id: "v1UsersUidGet",
    path: "/v1/users/{uid}",
    project: "refused",
    response: USER,
    handle: ({ parameters, user }, { users }) => {
      const found = users.find(({ uid }) => uid === parameters["uid"]);
      if (found === undefined || (found !== user && user?.isTenantAdmin !== true)) {
        throw new Refusal(404, "ResourceNotFound", "The user was not found");
      }
      return { status: 200, body: userBody(found) };
    },
  }),
];
