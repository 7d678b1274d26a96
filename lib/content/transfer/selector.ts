import { UserError } from "../../errors.ts";
import type { Bundle, BundleItem } from "../bundle.ts";

/** Whether an item is asked for by its annotations, or by those of the bundle it is in. */
export type Selector = (
  item: Pick<BundleItem, "descriptor">,
  bundle: Pick<Bundle, "annotations">,
) => boolean;

/**
 * Reads `k=v`, `k!=v` and `k`, separated by commas or given one by one; all of them have to hold.
 * @throws {UserError} `usage`
 */
export function parseSelector(texts: readonly string[]): Selector {
  const terms = texts.flatMap((text) => text.split(",")).map((text) => text.trim());
  const checks = terms.map(parseTerm);
  return ({ descriptor }, bundle) => {
    const annotations = { ...bundle.annotations, ...descriptor.annotations };
    return checks.every((holds) => holds(annotations));
  };
}

function parseTerm(term: string): (annotations: Record<string, string>) => boolean {
  const [, key = "", operator = "", value = ""] = /^([^=!\s]+)\s*(?:(!?=)\s*(.*))?$/.exec(term) ??
    [];
  if (key === "") {
    throw new UserError("usage", `--annotation-selector does not take "${term}"`, {
      hint: "Write KEY=VALUE, KEY!=VALUE or KEY, separated by commas",
    });
  }
  if (operator === "") return (annotations) => Object.hasOwn(annotations, key);
  return (annotations) => (annotations[key] === value) === (operator === "=");
}
