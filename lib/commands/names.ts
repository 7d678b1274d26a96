const MOST = 5;

/**
 * A hint with up to five names near to one that was not found: those that contain it or differ from
 * it in few letters; the first ones when none does.
 */
export function nearNames(wanted: string, names: readonly string[]): string {
  if (names.length === 0) return "There are none that you can see";
  const unique = [...new Set(names)];
  const ranked = unique.map((name) => ({ name, distance: distanceOf(wanted, name) }))
    .sort((a, b) => a.distance - b.distance);
  const near = ranked.filter(({ distance }) => distance <= tolerated(wanted));
  const shown = (near.length === 0 ? ranked : near).slice(0, MOST).map(({ name }) => `"${name}"`);
  const lead = near.length === 0 ? "There are" : "Did you mean";
  const more = near.length === 0 && unique.length > MOST ? ", ..." : "";
  return `${lead} ${shown.join(", ")}${more}${near.length === 0 ? "" : "?"}`;
}

/** Whether one name could be meant by the other. */
export function isNear(wanted: string, name: string): boolean {
  return distanceOf(wanted, name) <= tolerated(wanted);
}

function tolerated(wanted: string): number {
  return Math.max(2, wanted.length / 3);
}

/** Letters to change, without regard to case; none for a name that contains the other. */
function distanceOf(wanted: string, name: string): number {
  const [a, b] = [wanted.toLowerCase(), name.toLowerCase()];
  if (b.includes(a) || a.includes(b)) return 0;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
