import { UserError } from "../errors.ts";

/** An error about the content of a YAML file. */
export function yamlError(path: string, reason: string, cause?: unknown): UserError {
  return new UserError("validation", `Cannot read "${path}": ${reason}`, {
    hint: "Correct the file, or move it away and run palette login",
    cause,
  });
}
