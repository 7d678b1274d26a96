import { sessionCommand } from "./session_command.ts";
import { Duration } from "./types.ts";

export const PROJECT_HELP = "Work in this project, not in the active one.";

/** A command that works in a project: the active one, or the one that is named for this call. */
export function projectCommand(description: string) {
  return sessionCommand(description)
    .option("--project <project:string:project>", PROJECT_HELP);
}

/** A command about one thing of a project, by name or uid. */
export function namedCommand(kind: string, description: string) {
  return projectCommand(description)
    .option(`--name <name:string:${nameWord(kind)}>`, `Name of the ${kind}.`)
    .option("--uid <uid:string>", `Uid of the ${kind}, instead of its name.`, {
      conflicts: ["name"],
    });
}

/**
 * A command that starts what takes its time.
 * @param until What `--wait` waits for.
 */
export function waitingCommand(description: string, until: string) {
  return projectCommand(description)
    .type("duration", new Duration())
    .option("--wait", `Wait until ${until}; Ctrl+C stops waiting, not the operation.`)
    .option("--timeout <time:duration>", "How long --wait waits at most; 15m by default.", {
      depends: ["wait"],
    })
    .option(
      "--poll-interval <time:duration>",
      "Time between two looks of --wait; 10s by default.",
      {
        depends: ["wait"],
      },
    );
}

/** Both: it starts something with one thing of a project. */
export function namedWaitingCommand(kind: string, description: string, until: string) {
  return waitingCommand(description, until)
    .option(`--name <name:string:${nameWord(kind)}>`, `Name of the ${kind}.`)
    .option("--uid <uid:string>", `Uid of the ${kind}, instead of its name.`, {
      conflicts: ["name"],
    });
}

/** What completion knows the names of a kind under; it has a row for those that it completes. */
function nameWord(kind: string): string {
  return kind.replaceAll(" ", "-");
}
