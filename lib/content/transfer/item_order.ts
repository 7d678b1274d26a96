import type { BundleItem } from "../bundle.ts";

/** The definition first; then by reference, then by digest. What is listed twice is listed once. */
export function inOrder(items: readonly BundleItem[]): BundleItem[] {
  const unique = new Map(items.map((item) => [`${item.ref}\0${item.descriptor.digest}`, item]));
  const key = ({ type, ref, descriptor }: BundleItem) =>
    `${type === "bundle" ? 0 : 1}\0${ref === "" ? 1 : 0}\0${ref}\0${descriptor.digest}`;
  return [...unique.values()].sort((a, b) => key(a) < key(b) ? -1 : 1);
}
