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
  /** Deno first, then what it is known to hold. */
  runtime: readonly LicensedPart[];
  runtimeSource: RuntimeOrigin;
}

/** Where the runtime is from. */
export interface RuntimeOrigin {
  /** Package URL (purl-spec). */
  purl: string;
  /** Of what was downloaded, in hex; null when it is not known. */
  hash: { alg: "SHA-256" | "SHA-512"; content: string } | null;
}

/** The npm package of a target's runtime. */
export function npmOrigin({ runtime: { name, version, sha512 } }: Target): RuntimeOrigin {
  const bytes = Uint8Array.from(atob(sha512), (char) => char.charCodeAt(0));
  return {
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    hash: { alg: "SHA-512", content: bytes.toHex() },
  };
}

/**
 * The bill of materials of an archive: CycloneDX 1.6 in JSON. It says nothing about the machine
 * that made it, so that it is the same every time.
 */
export function formatSbom(subject: SbomSubject): string {
  const { version, commit, target, time, modules, runtime, runtimeSource } = subject;
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
      ...runtime.map((part) => runtimePart(part, runtimeSource)),
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
      dependsOn: [runtimeSource.purl, ...modules.map(({ module }) => module.purl)].sort(),
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

function runtimePart({ name, version, licence }: LicensedPart, { purl, hash }: RuntimeOrigin) {
  const isWhole = name === "deno";
  return {
    "type": isWhole ? "platform" : "library",
    "bom-ref": isWhole ? purl : `${purl}#${name}`,
    name,
    version,
    ...(isWhole ? { purl, ...(hash === null ? {} : { hashes: [hash] }) } : {}),
    licenses: licences(licence),
  };
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
