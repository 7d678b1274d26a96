/** JSON Pointer (RFC 6901): `/a/b~1c` names key `b/c` of key `a`. */
export function formatPointer(path: readonly string[]): string {
  return path.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The keys of a pointer; null when it is none. */
export function parsePointer(pointer: string): string[] | null {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return null;
  return pointer.slice(1).split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A parsed file: every scalar a string, as it stands in the file. */
export type Value = string | Value[] | { [key: string]: Value };

/** What a path leads to; undefined when there is nothing. */
export function valueAt(root: Value, path: readonly string[]): Value | undefined {
  let at: Value | undefined = root;
  for (const key of path) {
    if (at === undefined || typeof at === "string") return undefined;
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(key) ? at[Number(key)] : undefined;
    else at = Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

/** Every scalar of a file with the path that leads to it. */
export function* scalarsOf(
  value: Value,
  path: string[] = [],
): Generator<{ path: string[]; text: string }> {
  if (typeof value === "string") {
    yield { path, text: value };
  } else {
    for (const [key, child] of Object.entries(value)) yield* scalarsOf(child, [...path, key]);
  }
}
