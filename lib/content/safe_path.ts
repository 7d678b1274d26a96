/** A relative path that stays below its folder, on every system. */
export function isSafePath(path: string): boolean {
  return path !== "" && !/^[/\\]|^[a-z]:|[\\\0]/i.test(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
