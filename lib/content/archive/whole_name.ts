/** The name of an archive whose list of parts, or first part, is named: what its signature is of. */
export function wholeNameOf(path: string): string {
  return path.replace(/(\.parts\.json|\.001|_part0+)$/, "");
}
