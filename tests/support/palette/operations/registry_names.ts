import { FLAG, list, object, type Operation, reading, TEXT } from "../operation.ts";

export const REGISTRY_NAME_OPERATIONS: Operation[] = [
  reading({
    id: "v1RegistriesMetadata",
    path: "/v1/registries/metadata",
    query: { scope: { enum: ["system", "tenant", "all"] } },
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
  }),
];
