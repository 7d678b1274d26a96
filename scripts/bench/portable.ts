import { launcher } from "../portable/launcher.ts";
import { hostTarget } from "../portable/target.ts";
import { type Measure, ratioMeasure } from "./measure.ts";
import type { BenchPlace } from "./place.ts";
import { denoProcess, mediansOf, type Process } from "./processes.ts";

/** How much longer the launcher of an archive may take than the bundle run by Deno itself. */
const LAUNCHER_LIMIT = 1.15;

/** Commands, and how much longer than an empty script they may take, launched or not. */
const COMMANDS: readonly (readonly [line: string, limit: number])[] = [
  ["version", 1.25],
  ["--help", 1.5],
  ["project current", 1.7],
];

/**
 * Start-up of an unpacked archive, against the bundle without it and against an empty script; all
 * have compiled code. Nothing where there is no such launcher.
 */
export async function measurePortable(place: BenchPlace): Promise<Measure[]> {
  const { palette, empty, session: { env } } = place;
  const program = await unpackArchive(place);
  if (program === null) return [];
  const processes: Record<string, Process> = { empty: denoProcess([empty]) };
  for (const [line] of COMMANDS) {
    const args = line.split(" ");
    processes[`direct ${line}`] = denoProcess([palette, ...args], env);
    processes[`launched ${line}`] = { program, args, env };
  }
  const times = await mediansOf(processes);
  const timeOf = (name: string) => times[name] ?? Number.NaN;
  return COMMANDS.flatMap(([line, limit]) => {
    const launched = timeOf(`launched ${line}`);
    return [
      ratioMeasure(
        `${line}, portable launcher / bundle directly`,
        launched / timeOf(`direct ${line}`),
        LAUNCHER_LIMIT,
      ),
      ratioMeasure(
        `${line}, portable launcher / empty script`,
        launched / timeOf("empty"),
        limit,
      ),
    ];
  });
}

/** An archive as it is unpacked, but for the runtime, which is the one that runs this. */
async function unpackArchive({ folder, palette }: BenchPlace): Promise<string | null> {
  const target = hostTarget();
  if (target === null || target.isWindows) return null;
  const { name, text } = await launcher(target);
  const archive = `${folder}/archive`;
  await Deno.mkdir(`${archive}/lib`, { recursive: true });
  await Deno.writeTextFile(`${archive}/${name}`, text, { mode: 0o755 });
  await Deno.copyFile(palette, `${archive}/lib/palette.js`);
  await Deno.symlink(Deno.execPath(), `${archive}/lib/deno`);
  return `${archive}/${name}`;
}
