const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/** Whether a text is a version of an app profile: three numbers. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Orders versions from the highest; what is none comes last, by code units. */
export function byVersionFromHighest(a: string, b: string): number {
  const [left, right] = [VERSION.exec(a), VERSION.exec(b)];
  if (left === null || right === null) {
    if (left === null && right === null) return a < b ? -1 : a > b ? 1 : 0;
    return left === null ? 1 : -1;
  }
  for (let at = 1; at <= 3; at++) {
    const difference = Number(right[at]) - Number(left[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}
