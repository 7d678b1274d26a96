/** The known key that a misspelt one stands for; null for one that is far from all of them. */
export function nearKey(key: string, known: readonly string[]): string | null {
  const most = Math.floor(key.length / 3);
  const near = known.map((each) => ({ each, distance: distanceOf(key, each) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.each ?? null;
}

/**
 * Letters to change, without regard to case: one for two neighbours that changed places. A key that
 * contains a known one is none: `packsNote` is not meant as `packs`.
 */
function distanceOf(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  const rows = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (isSame ? 0 : 1)));
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwapped) row[j] = Math.min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return at(from.length, to.length);
}
