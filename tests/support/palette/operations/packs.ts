import {
  FLAG,
  list,
  LIST_META,
  object,
  type Operation,
  PAGE_QUERY,
  pageOf,
  reading,
  Refusal,
  TEXT,
} from "../operation.ts";
import type { PalettePack } from "../state.ts";

const PACK = object({
  name: TEXT,
  registryUid: TEXT,
  packValues: list(object({
    packUid: TEXT,
    values: TEXT,
    template: object({
      parameters: object({
        inputParameters: list(object({
          name: TEXT,
          description: TEXT,
          format: TEXT,
          value: TEXT,
          optional: FLAG,
          hidden: FLAG,
          listOptions: list(TEXT),
        })),
      }),
    }),
  })),
  tags: list(object({ tag: TEXT, version: TEXT, packUid: TEXT })),
});

function packBody(packs: PalettePack[]) {
  return {
    name: packs[0]?.name ?? "",
    registryUid: packs[0]?.registryUid ?? "",
    packValues: packs.map(({ uid, values, parameters }) => ({
      packUid: uid,
      values,
      template: { parameters: { inputParameters: parameters } },
    })),
    tags: packs.map(({ uid, version }) => ({ tag: version, version, packUid: uid })),
  };
}

export const PACK_OPERATIONS: Operation[] = [
  {
    id: "v1PacksSearch",
    method: "POST",
    path: "/v1/packs/search",
    project: "allowed",
    query: PAGE_QUERY,
    body: object({
      filter: object({
        name: object({ eq: TEXT, ne: TEXT, contains: TEXT, beginsWith: TEXT, ignoreCase: FLAG }),
        registryUid: list(TEXT),
        addOnType: list(TEXT),
        layer: list({ enum: ["kernel", "os", "k8s", "cni", "csi", "addon"] }),
        type: list({ enum: ["spectro", "helm", "manifest", "oci"] }),
      }),
      sort: list(object({
        field: { enum: ["name", "type", "layer", "addOnType", "displayName"] },
        order: { enum: ["asc", "desc"] },
      })),
    }),
    response: object({
      items: list(object({
        spec: object({
          name: TEXT,
          type: { enum: ["spectro", "helm", "manifest", "oci"] },
          registries: list(object({ uid: TEXT, name: TEXT })),
        }),
      })),
      listmeta: LIST_META,
    }, ["items"]),
    handle: ({ query, body }, { packs, registryNames }) => {
      const { name, registryUid } = (body as {
        filter?: { name?: { eq?: string }; registryUid?: string[] };
      }).filter ?? {};
      const found = packs.filter((pack) =>
        (name?.eq === undefined || pack.name.toLowerCase() === name.eq.toLowerCase()) &&
        (registryUid === undefined || registryUid.includes(pack.registryUid))
      );
      const names = [...new Set(found.map((pack) => pack.name))];
      const items = names.map((packName) => {
        const versions = found.filter((pack) => pack.name === packName);
        const uids = new Set(versions.map((pack) => pack.registryUid));
        return {
          spec: {
            name: packName,
            type: versions[0]?.type ?? "",
            registries: registryNames.filter(({ uid }) => uids.has(uid))
              .map((registry) => ({ uid: registry.uid, name: registry.name })),
          },
        };
      });
      return { status: 200, body: pageOf(items, query) };
    },
  },
  reading({
    id: "v1PacksNameRegistryUidList",
    path: "/v1/packs/{packName}/registries/{registryUid}",
    query: { cloudType: TEXT, layer: TEXT, states: TEXT },
    response: PACK,
    handle: ({ parameters }, { packs }) => {
      const found = packs.filter((pack) =>
        pack.name === parameters["packName"] && pack.registryUid === parameters["registryUid"]
      );
      if (found.length === 0) throw new Refusal(404, "ResourceNotFound", "No such pack");
      return { status: 200, body: packBody(found) };
    },
  }),
  reading({
    id: "v1PacksUid",
    path: "/v1/packs/{uid}",
    response: PACK,
    handle: ({ parameters }, { packs }) => {
      const found = packs.filter(({ uid }) => uid === parameters["uid"]);
      if (found.length === 0) throw new Refusal(404, "ResourceNotFound", "No such pack");
      return { status: 200, body: packBody(found) };
    },
  }),
];
