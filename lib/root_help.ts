/** The bundle script puts the help of the root command here, plain and coloured, as JSON. */
const STAMP: string = "palette-root-help-not-stamped";

/** Help of the root command as it was when the bundle was made; null when run from source. */
export function rootHelp(colors: boolean): string | null {
  if (!STAMP.startsWith("[")) return null;
  const [plain, coloured] = JSON.parse(STAMP) as [string, string];
  return colors ? coloured : plain;
}
