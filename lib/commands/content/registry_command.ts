import { Type, ValidationError } from "@cliffy/command";
import { type Architecture, ARCHITECTURES } from "../../content/definition/bundle_definition.ts";
import { reachingCommand } from "./registry_flags.ts";

/** A flag that takes an architecture of images. */
export class ArchitectureType extends Type<Architecture> {
  parse({ value }: { value: string }): Architecture {
    const found = ARCHITECTURES.find((name) => name === value);
    if (found !== undefined) return found;
    throw new ValidationError(`Unsupported architecture "${value}": use amd64 or arm64`);
  }

  override values(): Architecture[] {
    return [...ARCHITECTURES];
  }

  override complete(): Architecture[] {
    return this.values();
  }
}

/** A command that talks to registries. */
export function registryCommand(description: string, exitStatus?: string) {
  return reachingCommand(description, exitStatus)
    .type("arch", new ArchitectureType())
    .option("-a, --arch <arch:arch>", "Only this architecture: amd64 or arm64; all by default.")
    .option("--progress", "Show progress; on a terminal it is shown anyway.");
}
