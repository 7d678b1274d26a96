import { inFlight } from "../runtime/in_flight.ts";

/** More requests at once would run into Palette's limits. */
const AT_ONCE = 8;

/** Does the same with each item, a few at a time; results in the order of the items. */
export function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  return inFlight(items, AT_ONCE, work);
}
