import { FLAG, list, object, type Operation, TEXT } from "../operation.ts";

export const REGISTRY_NAME_OPERATIONS: Operation[] = [
  {
    id: "v1RegistriesMetadata",
    method: "GET",
    path: "/v1/registries/metadata",
    project: "allowed",
    query: { scope: { enum: ["system", "tenant", "all"] } },
    body: null,
    response: object({
      items: list(object({
        name: TEXT,
        uid: TEXT,
        kind: TEXT,
        scope: TEXT,
        isDefault: FLAG,
        isPrivate: FLAG,
      })),
    }, ["items"]),
    handle: (_, { registryNames, registries }) => ({
      status: 200,
      body: {
        items: [
          ...registryNames,
          ...registries.map(({ name, uid, kind }) => ({ name, uid, kind })),
        ],
      },
    }),
  },
];
