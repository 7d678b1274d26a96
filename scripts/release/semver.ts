/** Versions as https://semver.org has them. */

const NUMBER = "(0|[1-9]\\d*)";
const PART = "(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)";
const VERSION = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${PART}(?:\\.${PART})*))?$`);

/** Whether a text is a version; build metadata is not taken, as it does not order releases. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Whether a version comes after another (semver 11). */
export function isNewer(version: string, than: string): boolean {
  const [numbers, marks] = partsOf(version);
  const [otherNumbers, otherMarks] = partsOf(than);
  const order = compareLists(numbers, otherNumbers);
  if (order !== 0) return order > 0;
  // A version without marks comes after all its pre-releases.
  if (marks.length === 0 || otherMarks.length === 0) {
    return marks.length === 0 && otherMarks.length > 0;
  }
  return compareLists(marks, otherMarks) > 0;
}

function partsOf(version: string): [string[], string[]] {
  const [, major = "", minor = "", patch = "", marks] = VERSION.exec(version) ?? [];
  return [[major, minor, patch], marks === undefined ? [] : marks.split(".")];
}

function compareLists(a: string[], b: string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compareMarks(a[at], b[at]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers come before words and are compared as numbers; more marks come after fewer. */
function compareMarks(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) {
    const [number, other] = [BigInt(a), BigInt(b)];
    return number < other ? -1 : Number(number > other);
  }
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
