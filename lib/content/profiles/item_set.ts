import { type Digest, digestOf } from "../../oci/digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import {
  type ChartEntry,
  emptyEntry,
  type ImageEntry,
  imageEntry,
  type PackEntry,
  type RawFileEntry,
} from "../definition/bundle_definition.ts";
import { chartRef, packRef } from "../definition/item_refs.ts";

/** An image that something uses without `pack.content` saying so. */
export interface UndeclaredImage {
  image: string;
  /** `manifest:PACK/NAME`, `chart:PACK/PATH`; sorted. */
  usedBy: string[];
  /** It was taken along nevertheless. */
  isIncluded: boolean;
}

/** Items as they are found; what is found again only adds who asks for it. */
export class ItemSet {
  readonly images = new Map<string, ImageEntry>();
  readonly charts = new Map<string, ChartEntry>();
  readonly packs = new Map<string, PackEntry>();
  /** By path, with the bytes of each. */
  readonly rawFiles = new Map<
    string,
    { entry: RawFileEntry; digest: Digest; bytes: Uint8Array<ArrayBuffer> }
  >();
  readonly #used = new Map<string, { usedBy: Set<string>; isTaken: boolean }>();

  /** @param image Normalised. */
  addImage(image: string, from: string): void {
    const entry = this.images.get(image);
    if (entry === undefined) this.images.set(image, imageEntry(image, [from]));
    else entry.from.push(from);
  }

  addChart(chart: Pick<ChartEntry, "repo" | "name" | "version">, from: string): void {
    const ref = chartRef(chart);
    const entry = this.charts.get(ref);
    if (entry === undefined) this.charts.set(ref, { ...chart, ...emptyEntry([from]) });
    else entry.from.push(from);
  }

  addPack(
    pack: Pick<PackEntry, "name" | "version" | "registryUid" | "source" | "path">,
    from: string,
  ): void {
    const ref = packRef(pack);
    const entry = this.packs.get(ref);
    if (entry === undefined) this.packs.set(ref, { ...pack, ...emptyEntry([from]) });
    else entry.from.push(from);
  }

  /** Files of one name and other content get a name of their own. */
  async addRawFile(path: string, text: string, from: string, crypto: Crypto): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    const digest = await digestOf(bytes, crypto);
    const taken = this.rawFiles.get(path);
    if (taken?.digest === digest) return void taken.entry.from.push(from);
    const free = taken === undefined
      ? path
      : path.replace(/(\.[^./]+)?$/, `-${digest.slice(7, 15)}$1`);
    const entry: RawFileEntry = {
      path: free,
      size: bytes.length,
      content: text,
      ...emptyEntry([from]),
      digest,
    };
    this.rawFiles.set(free, { entry, digest, bytes });
  }

  /** @param isTaken Goes into the bundle even when it is not declared. */
  addUse(image: string, usedBy: string, isTaken: boolean): void {
    const use = this.#used.get(image) ?? { usedBy: new Set(), isTaken: false };
    use.usedBy.add(usedBy);
    use.isTaken ||= isTaken;
    this.#used.set(image, use);
  }

  /** Compares what is used with what is declared; call it when all is added. */
  takeUndeclared(): UndeclaredImage[] {
    const undeclared = [...this.#used].filter(([image]) => !this.images.has(image));
    for (const [image, { usedBy, isTaken }] of undeclared) {
      if (isTaken) { for (const from of usedBy) this.addImage(image, from); }
    }
    return undeclared
      .map(([image, { usedBy, isTaken }]) => ({
        image,
        usedBy: [...usedBy].sort(),
        isIncluded: isTaken,
      }))
      .sort((a, b) => a.image < b.image ? -1 : 1);
  }

  /** Takes out what another set has, too: the same image, chart or file. Gives how many. */
  subtract(other: ItemSet): number {
    const before = this.images.size + this.charts.size + this.rawFiles.size;
    for (const image of other.images.keys()) this.images.delete(image);
    for (const ref of other.charts.keys()) this.charts.delete(ref);
    for (const [path, { digest }] of other.rawFiles) {
      if (this.rawFiles.get(path)?.digest === digest) this.rawFiles.delete(path);
    }
    return before - (this.images.size + this.charts.size + this.rawFiles.size);
  }

  get isEmpty(): boolean {
    return [this.images, this.charts, this.packs, this.rawFiles].every(({ size }) => size === 0);
  }
}
