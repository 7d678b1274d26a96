/**
 * Whole processes as ratios to something timed in the same run, so that they mean the same on any
 * machine. Ends with 1 when one is above its limit.
 */

import { startFakePalette } from "../tests/support/palette/fake_palette.ts";
import { measureBuilding } from "./bench/building.ts";
import { measureLargeBundle } from "./bench/large_bundle.ts";
import { measureListing } from "./bench/listing.ts";
import { formatMeasures, type Measure } from "./bench/measure.ts";
import { preparePlace } from "./bench/place.ts";
import { measurePortable } from "./bench/portable.ts";
import { measurePushing } from "./bench/pushing.ts";
import { measureStartUp } from "./bench/start_up.ts";
import { measureUploading } from "./bench/uploading.ts";

if (import.meta.main) {
  const folder = await Deno.makeTempDir({ prefix: "palette-bench-" });
  try {
    const measures = await measureAll(folder);
    Deno.stdout.writeSync(new TextEncoder().encode(formatMeasures(measures)));
    if (measures.some(({ isWithin }) => isWithin === false)) Deno.exitCode = 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measureAll(folder: string): Promise<Measure[]> {
  await using server = await startFakePalette();
  const place = await preparePlace(folder, server);
  return [
    ...await measureStartUp(place),
    ...await measurePortable(place),
    ...await measureListing(place, server),
    ...await measureBuilding(place),
    ...await measureLargeBundle(place),
    ...await measurePushing(place),
    ...await measureUploading(place),
  ];
}
