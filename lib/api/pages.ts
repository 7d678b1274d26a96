import type { Answer } from "./answer.ts";
import type { PaletteClient, PaletteRequest } from "./client.ts";

/** Both the default and the most that Palette gives. */
const PAGE_SIZE = "50";
/** More pages than any tenant fills: a server that never ends its list must not hold us for ever. */
const MAX_PAGES = 2_000;

/**
 * All elements of a paginated list: the request is repeated with the `continue` of the answer's
 * `listmeta` until that is empty. A page is asked for when the one before it is used up, so that who
 * stops early costs nothing.
 * @param name Field of the element array.
 */
export async function* listPages(
  client: PaletteClient,
  request: PaletteRequest,
  name = "items",
): AsyncGenerator<Answer> {
  let page = await fetchPage(client, request, { name, token: "" });
  for (let count = 1;; count++) {
    yield* page.items;
    if (page.next === "" || count === MAX_PAGES) return;
    page = await fetchPage(client, request, { name, token: page.next });
  }
}

/**
 * The same as a whole, each element read by `read`; the next page is on its way while one is read.
 * @param name Field of the element array.
 */
export async function collectPages<T>(
  client: PaletteClient,
  request: PaletteRequest,
  read: (item: Answer) => T,
  name = "items",
): Promise<T[]> {
  const found: T[] = [];
  let page = await fetchPage(client, request, { name, token: "" });
  for (let count = 1;; count++) {
    const isLast = page.next === "" || count === MAX_PAGES;
    const following = isLast ? null : fetchPage(client, request, { name, token: page.next });
    // Its failure is met below, when this page has been read.
    following?.catch(() => {});
    for (const item of page.items) found.push(read(item));
    if (following === null) return found;
    page = await following;
  }
}

interface Page {
  items: Answer[];
  /** Leads to the page after it; empty at the end. */
  next: string;
}

async function fetchPage(
  client: PaletteClient,
  request: PaletteRequest,
  { name, token }: { name: string; token: string },
): Promise<Page> {
  const query = {
    ...request.query,
    limit: PAGE_SIZE,
    ...(token === "" ? {} : { continue: token }),
  };
  const answer = await client.call({ ...request, query });
  const next = answer.at("listmeta", "continue").textOrEmpty();
  // A list that goes round in circles ends here.
  return { items: answer.at(name).list(), next: next === token ? "" : next };
}
