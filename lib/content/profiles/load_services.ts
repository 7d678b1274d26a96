import type { PaletteClient } from "../../api/client.ts";
import { inParallel } from "../../api/parallel.ts";
import { getServiceManifests, getServiceVersion, type ServiceName } from "../../api/services.ts";
import { imagesOfService } from "../packs/find_images.ts";
import { fipsImageOf, isComplianceImage } from "./service_catalog.ts";

/** Images that a service of Palette's needs. */
export interface ServiceImages {
  service: ServiceName;
  version: string;
  images: string[];
}

export interface ServiceOptions {
  isFips: boolean;
  withCompliance: boolean;
  /** Whether a registry has an image; null where no registry is asked. */
  imageExists: ((image: string) => Promise<boolean>) | null;
}

/** Asks Palette for the images of its services; those that it does not have are left out. */
export async function loadServices(
  client: PaletteClient,
  services: readonly ServiceName[],
  options: ServiceOptions,
): Promise<{ services: ServiceImages[]; warnings: string[] }> {
  const warnings: string[] = [];
  const found = await inParallel(services, async (service): Promise<ServiceImages | null> => {
    const version = await getServiceVersion(client, service);
    if (version === null) return null;
    const texts = await Promise.all(
      (["resources", "apply"] as const).map((action) =>
        getServiceManifests(client, { service, version, action })
      ),
    );
    const images = [...new Set(texts.flat().flatMap(imagesOfService))].sort()
      .filter((image) => options.withCompliance || !isComplianceImage(image));
    return { service, version, images };
  });
  const known = found.filter((service) => service !== null);
  if (known.every(({ images }) => images.length === 0) && services.length > 0) {
    warnings.push("Palette tells no image of its services; none is taken along");
  }
  if (options.withCompliance && !known.some(({ images }) => images.some(isComplianceImage))) {
    warnings.push("Palette tells no image for compliance scans; none is taken along");
  }
  if (options.isFips) {
    for (const service of known) service.images = await fipsImages(service, options, warnings);
  }
  return { services: known, warnings };
}

/** Only images built for FIPS 140; one that is not known to exist says so. */
async function fipsImages(
  { service, images }: ServiceImages,
  { imageExists }: ServiceOptions,
  warnings: string[],
): Promise<string[]> {
  const taken: string[] = [];
  for (const image of images) {
    const fips = fipsImageOf(image);
    const isThere = fips === null || fips === image || imageExists === null
      ? fips !== null
      : await imageExists(fips);
    if (fips !== null && isThere) taken.push(fips);
    if (!isThere) warnings.push(`${image} of ${service} is left out: there is none for FIPS 140`);
    else if (imageExists === null && fips !== image) {
      warnings.push(`${fips} takes the place of ${image}; whether it exists was not checked`);
    }
  }
  return [...new Set(taken)].sort();
}
