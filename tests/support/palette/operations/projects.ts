import {
  FLAG,
  known,
  LABELS,
  LIST_META,
  object,
  type Operation,
  PAGE_QUERY,
  pageOf,
  reading,
  TEXT,
  visibleProjects,
} from "../operation.ts";
import type { PaletteProject } from "../state.ts";

const META = object({ name: TEXT, uid: TEXT, labels: LABELS, annotations: LABELS });

function metadataOf({ name, uid, description, labels }: PaletteProject) {
  return { name, uid, labels, annotations: description === "" ? {} : { description } };
}

interface NameFilter {
  eq?: string;
  ne?: string;
  contains?: string;
  beginsWith?: string;
  ignoreCase?: boolean;
}

/** Case is ignored unless the filter says otherwise. */
function matches(name: string, filter: NameFilter | undefined): boolean {
  const fold = (text: string) => filter?.ignoreCase === false ? text : text.toLowerCase();
  const folded = fold(name);
  return (filter?.eq === undefined || folded === fold(filter.eq)) &&
    (filter?.ne === undefined || folded !== fold(filter.ne)) &&
    (filter?.contains === undefined || folded.includes(fold(filter.contains))) &&
    (filter?.beginsWith === undefined || folded.startsWith(fold(filter.beginsWith)));
}

export const PROJECT_OPERATIONS: Operation[] = [
  reading({
    id: "v1ProjectsMetadata",
    path: "/v1/dashboard/projects/metadata",
    project: "refused",
    query: { name: TEXT },
    response: object(
      {
        items: { type: "array", items: object({ metadata: object({ name: TEXT, uid: TEXT }) }) },
      },
      ["items"],
    ),
    handle: ({ user, query }, state) => {
      const name = query.get("name");
      const items = visibleProjects(user, state)
        .filter((project) => name === null || project.name === name)
        .map(({ name, uid }) => ({ metadata: { name, uid } }));
      return { status: 200, body: { items } };
    },
  }),
  {
    id: "v1ProjectsFilterSummary",
    method: "POST",
    path: "/v1/dashboard/projects",
    project: "refused",
    query: PAGE_QUERY,
    body: object({
      filter: object({
        name: object({ eq: TEXT, ne: TEXT, contains: TEXT, beginsWith: TEXT, ignoreCase: FLAG }),
      }),
      sort: {
        type: "array",
        items: object({
          field: { enum: ["name", "creationTimestamp", "lastModifiedTimestamp"] },
          order: { enum: ["asc", "desc"] },
        }),
      },
    }),
    response: object(
      {
        items: {
          type: "array",
          items: object({
            metadata: META,
            status: object({ status: object({ isDisabled: FLAG }) }),
          }),
        },
        listmeta: LIST_META,
      },
      ["items"],
    ),
    handle: ({ user, query, body }, state) => {
      const filter = (body as { filter?: { name?: NameFilter } }).filter?.name;
      const items = visibleProjects(user, state)
        .filter(({ name }) => matches(name, filter))
        .map((project) => ({
          metadata: metadataOf(project),
          status: { status: { isDisabled: false } },
        }));
      return { status: 200, body: pageOf(items, query) };
    },
  },
  reading({
    id: "v1ProjectsUidGet",
    path: "/v1/projects/{uid}",
    project: "refused",
    response: object({ metadata: META, status: object({ isDisabled: FLAG }) }),
    handle: ({ parameters, user }, state) => {
      const found = known(
        visibleProjects(user, state).find(({ uid }) => uid === parameters["uid"]),
        "The project was not found",
      );
      return { status: 200, body: { metadata: metadataOf(found), status: { isDisabled: false } } };
    },
  }),
];
