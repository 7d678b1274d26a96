import type { Descriptor } from "../descriptor.ts";
import { OCI_INDEX } from "../media_types.ts";
import { RegistryFailure } from "./registry_failure.ts";

/**
 * One page of a list (OCI distribution spec, "Content discovery"): `n` names after `last`, and the
 * way to the next page in `Link`.
 */
export function answerPage(
  url: URL,
  names: string[],
  document: (page: string[]) => Record<string, unknown>,
): Response {
  const last = url.searchParams.get("last");
  const count = url.searchParams.get("n");
  if (count !== null && !/^\d{1,9}$/.test(count)) {
    throw new RegistryFailure(400, "PAGINATION_NUMBER_INVALID", `n is no number: "${count}"`);
  }
  const rest = last === null ? names : names.filter((name) => name > last);
  const page = count === null ? rest : rest.slice(0, Number(count));
  const end = page.at(-1);
  const headers: Record<string, string> = {};
  if (end !== undefined && page.length < rest.length) {
    const query = new URLSearchParams({ n: String(page.length), last: end });
    headers["link"] = `<${url.pathname}?${query}>; rel="next"`;
  }
  return Response.json(document(page), { headers });
}

/** What is attached to a manifest (OCI distribution spec, "Listing Referrers"). */
export function answerReferrers(url: URL, all: Descriptor[]): Response {
  const type = url.searchParams.get("artifactType");
  const manifests = type === null ? all : all.filter(({ artifactType }) => artifactType === type);
  return new Response(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), {
    headers: {
      "content-type": OCI_INDEX,
      ...(type === null ? {} : { "oci-filters-applied": "artifactType" }),
    },
  });
}
