const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A size as people read it: `4.97 GiB`, `64 MiB`, `12 B`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = Number.isInteger(value) ? String(value) : value.toFixed(2);
  return `${text} ${UNITS[unit]}`;
}
