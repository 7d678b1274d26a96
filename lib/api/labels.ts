/** How Palette stores the value of a tag that has none. */
const NO_VALUE = "spectro__tag";

/** Labels of an object as tags, sorted: `key:value`, or the key alone for one without a value. */
export function tagsOf(labels: Record<string, string>): string[] {
  return Object.entries(labels)
    .map(([key, value]) => value === NO_VALUE ? key : `${key}:${value}`).sort();
}

/** Tags as labels; of two with the same key the later one counts. */
export function labelsOf(tags: readonly string[]): Record<string, string> {
  return Object.fromEntries(tags.map((tag) => {
    const colon = tag.indexOf(":");
    return colon === -1 ? [tag, NO_VALUE] : [tag.slice(0, colon), tag.slice(colon + 1) || NO_VALUE];
  }));
}
