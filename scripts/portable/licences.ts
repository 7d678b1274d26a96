import { UserError } from "../../lib/errors.ts";
import type { BundledModule } from "./bundled_modules.ts";

/** A part of an archive that is not ours, and the terms it comes under. */
export interface LicensedPart {
  name: string;
  version: string;
  /** SPDX identifier. */
  licence: string;
  /** The text, with its copyright lines. */
  text: string;
}

/** JSR's packages carry no licence file; what their repositories say. */
const FROM_JSR: readonly { names: RegExp; copyright: string }[] = [
  { names: /^@(cliffy\/|windmill-labs\/cliffy-)/, copyright: "Copyright (c) 2020 c4spar" },
  { names: /^@std\//, copyright: "Copyright 2018-2026 the Deno authors" },
];

/** Licences that a package may come under without further thought. */
const KNOWN = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"];

/**
 * The terms of a bundled package.
 * @throws {UserError} `validation` when they are not known: nothing is shipped without.
 */
export async function licenceOf(module: BundledModule): Promise<LicensedPart> {
  const { name, version, folder } = module;
  if (folder !== null) return { name, version, ...await npmLicence(module, folder) };
  const known = FROM_JSR.find(({ names }) => names.test(name));
  // A file under other terms than its package says so in its head.
  if (known === undefined || module.copyrights.some((line) => /BSD|GPL|Apache|MPL/.test(line))) {
    throw unknown(module);
  }
  const lines = [known.copyright, ...module.copyrights.filter((line) => line !== known.copyright)];
  return { name, version, licence: "MIT", text: `${lines.join("\n")}\n\n${await read("mit")}` };
}

/** What the runtime comes under; its package carries no licence file. */
export async function runtimeLicences(denoVersion: string): Promise<LicensedPart[]> {
  return [
    {
      name: "deno",
      version: denoVersion,
      licence: "MIT",
      text: `Copyright 2018-2026 the Deno authors\n\n${await read("mit")}`,
    },
    {
      name: "v8",
      version: `of deno ${denoVersion}`,
      licence: "BSD-3-Clause",
      text: `Copyright 2006-2026, the V8 project authors\n\n${await read("bsd-3-clause")}`,
    },
  ];
}

/** One file with the terms of all parts. */
export function formatLicences(parts: readonly LicensedPart[]): string {
  const line = "=".repeat(80);
  const texts = parts.map(({ name, version, licence, text }) =>
    `${line}\n${name} ${version}\n${licence}\n${line}\n\n${text.trim()}\n`
  );
  return [
    "palette is under the Apache License 2.0 (LICENSE). It carries these parts of others.\n" +
    "What the Deno runtime is made of is named at https://github.com/denoland/deno.\n",
    ...texts,
  ].join("\n");
}

async function npmLicence(
  module: BundledModule,
  folder: string,
): Promise<{ licence: string; text: string }> {
  const { license } = JSON.parse(await Deno.readTextFile(`${folder}package.json`));
  if (!KNOWN.includes(license)) throw unknown(module);
  for (const name of ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE"]) {
    try {
      return { licence: license, text: await Deno.readTextFile(`${folder}${name}`) };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw unknown(module);
}

function read(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`licences/${name}.txt`, import.meta.url));
}

function unknown({ name, version }: BundledModule): UserError {
  return new UserError("validation", `The licence of ${name}@${version} is not known`, {
    hint: "Look it up, and add it to scripts/portable/licences.ts",
  });
}
