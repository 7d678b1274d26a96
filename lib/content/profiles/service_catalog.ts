/**
 * What is known of Palette's own images. None of it is public as a whole: it lies here so that it
 * can be corrected in one place.
 */

import { SERVICE_NAMES, type ServiceName } from "../../api/services.ts";

/** Services that a host needs to become a cluster, beside the provider of its Kubernetes. */
const CORE: readonly ServiceName[] = ["stylus", "edge", "palette", "ally", "crony"];

/** The provider by name of the Kubernetes pack. */
const PROVIDERS: Record<string, ServiceName> = {
  "edge-k3s": "provider-k3s",
  "edge-k8s": "provider-kubeadm",
  "edge-rke2": "provider-rke2",
  "edge-nodeadm": "provider-nodeadm",
  "edge-canonical": "provider-canonical",
};

/** Where the vendor keeps its images, and those built for FIPS 140. */
const FIPS_PLACES: readonly [plain: string, fips: string][] = [
  ["us-docker.pkg.dev/palette-images/", "us-docker.pkg.dev/palette-images-fips/"],
  ["gcr.io/spectro-images-public/", "gcr.io/spectro-images-fips/"],
];

/** Images of compliance scans, which only INCLUDE_COMPLIANCE_IMAGES=true takes along. */
const COMPLIANCE = /(^|[/-])(kube-bench|kube-hunter|sonobuoy|syft)([/:@-]|$)/;

/**
 * Services whose images a bundle needs.
 * @param packNames Names of all packs of its profiles: they tell the Kubernetes.
 */
export function servicesFor(
  packNames: readonly string[],
  { coreOnly }: { coreOnly: boolean },
): ServiceName[] {
  const providers = new Set(packNames.map((name) => PROVIDERS[name]));
  return SERVICE_NAMES.filter((name) =>
    name.startsWith("provider-") ? providers.has(name) : !coreOnly || CORE.includes(name)
  );
}

export function isComplianceImage(image: string): boolean {
  return COMPLIANCE.test(image);
}

/** The image built for FIPS 140 that may exist beside one; null for one of others. */
export function fipsImageOf(image: string): string | null {
  for (const [plain, fips] of FIPS_PLACES) {
    if (image.startsWith(fips)) return image;
    if (image.startsWith(plain)) return `${fips}${image.slice(plain.length)}`;
  }
  return null;
}
