import { assertEquals } from "@std/assert";
import type { BundleItem, ItemType } from "../../../lib/content/bundle.ts";
import { inOrder } from "../../../lib/content/transfer/item_order.ts";

function item(ref: string, type: ItemType, digit: string): BundleItem {
  return { ref, type, descriptor: { mediaType: "", digest: `sha256:${digit}`, size: 0 } };
}

Deno.test("inOrder() gives one order whatever came first, and lists each thing once", () => {
  const items = [
    item("", "signature", "2"),
    item("z/b:1", "image", "1"),
    item("", "signature", "1"),
    item("a/b:1", "image", "9"),
    item("z/bundle-definition:x", "bundle", "0"),
    item("", "signature", "2"),
  ];
  const expected = ["z/bundle-definition:x 0", "a/b:1 9", "z/b:1 1", " 1", " 2"];
  for (const given of [items, items.toReversed()]) {
    assertEquals(
      inOrder(given).map(({ ref, descriptor }) => `${ref} ${descriptor.digest.slice(7)}`),
      expected,
    );
  }
});
