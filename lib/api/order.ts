/** The same order on every machine: names by code units, then by uid. */
export function byName(
  a: { name: string; uid: string },
  b: { name: string; uid: string },
): number {
  return compare(a.name, b.name) || compare(a.uid, b.uid);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
