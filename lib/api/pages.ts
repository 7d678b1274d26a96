import type { Answer } from "./answer.ts";
import type { PaletteClient, PaletteRequest } from "./client.ts";

/** Both the default and the most that Palette gives. */
const PAGE_SIZE = "50";
/** More pages than any tenant fills: a server that never ends its list must not hold us for ever. */
const MAX_PAGES = 2_000;

/**
 * All elements of a paginated list: the request is repeated with the `continue` of the answer's
 * `listmeta` until that is empty.
 * @param name Field of the element array.
 */
export async function* listPages(
  client: PaletteClient,
  request: PaletteRequest,
  name = "items",
): AsyncGenerator<Answer> {
  let next = "";
  for (let page = 1; page <= MAX_PAGES; page++) {
    const query = {
      ...request.query,
      limit: PAGE_SIZE,
      ...(next === "" ? {} : { continue: next }),
    };
    const answer = await client.call({ ...request, query });
    yield* answer.at(name).list();
    const following = answer.at("listmeta", "continue").textOrEmpty();
    if (following === "" || following === next) return;
    next = following;
  }
}
