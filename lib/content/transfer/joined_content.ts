import { UserError } from "../../errors.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";

/** Several sources as one: the first that has a blob gives it. */
export function joinContent(sources: readonly ContentSource[]): ContentSource {
  const owner = async (descriptor: Descriptor): Promise<ContentSource | null> => {
    for (const source of sources) if (await source.has(descriptor)) return source;
    return null;
  };
  return {
    has: async (descriptor) => await owner(descriptor) !== null,
    localPlaceOf: async (descriptor) =>
      await (await owner(descriptor))?.localPlaceOf?.(descriptor) ?? null,
    openChecked: async (descriptor) =>
      await (await owner(descriptor))?.openChecked?.(descriptor) ?? null,
    async open(descriptor, offset) {
      const source = await owner(descriptor);
      if (source !== null) return await source.open(descriptor, offset);
      throw new UserError("not-found", `Cannot read ${descriptor.digest}: nobody has it`);
    },
  };
}
