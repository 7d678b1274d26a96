import { createHash } from "node:crypto";
import type { BundledModule } from "./bundled_modules.ts";
import type { LicensedPart } from "./licences.ts";
import type { Target } from "./target.ts";

/** What a bill of materials is about. */
export interface SbomSubject {
  version: string;
  /** Empty when it is not known. */
  commit: string;
  target: Target;
  /** Of all that is in the archive, in seconds since 1970. */
  time: number;
  modules: readonly { module: BundledModule; licence: LicensedPart }[];
  runtime: readonly LicensedPart[];
}

/**
 * The bill of materials of an archive: CycloneDX 1.6 in JSON. It says nothing about the machine
 * that made it, so that it is the same every time.
 */
export function formatSbom(subject: SbomSubject): string {
  const { version, commit, target, time, modules, runtime } = subject;
  const purl = `pkg:generic/palette@${version}?arch=${target.name}`;
  const body = {
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: {
        "type": "application",
        "bom-ref": purl,
        name: "palette",
        version,
        purl,
        licenses: licences("Apache-2.0"),
        properties: [
          { name: "palette:commit", value: commit },
          { name: "palette:target", value: target.name },
        ],
      },
    },
    components: [
      ...runtime.map(({ name, version, licence }) => runtimePart(name, version, licence, target)),
      ...modules.map(({ module: { name, version, purl }, licence: { licence } }) => ({
        "type": "library",
        "bom-ref": purl,
        name,
        version,
        purl,
        licenses: licences(licence),
      })),
    ],
    dependencies: [{
      ref: purl,
      dependsOn: [runtimeRef(target), ...modules.map(({ module }) => module.purl)].sort(),
    }],
  };
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}`,
    ...body,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function runtimePart(name: string, version: string, licence: string, target: Target) {
  if (name !== "deno") {
    return {
      "type": "library",
      "bom-ref": `${runtimeRef(target)}#${name}`,
      name,
      version,
      licenses: licences(licence),
    };
  }
  const sha512 = Uint8Array.from(atob(target.runtime.sha512), (char) => char.charCodeAt(0));
  return {
    "type": "platform",
    "bom-ref": runtimeRef(target),
    name,
    version,
    purl: runtimeRef(target),
    // Of the npm package that it is taken from.
    hashes: [{ alg: "SHA-512", content: sha512.toHex() }],
    licenses: licences(licence),
  };
}

function runtimeRef({ runtime: { name, version } }: Target): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function licences(id: string) {
  return [{ license: { id } }];
}

/** A UUID (RFC 9562, version 8) that follows from a text. */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6] ?? 0) & 0x0f | 0x80;
  bytes[8] = (bytes[8] ?? 0) & 0x3f | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
