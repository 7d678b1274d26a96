import { UserError } from "../../../errors.ts";
import { listClusterEvents, type PaletteEvent } from "../../../api/events.ts";
import { listDocument } from "../../../output/format.ts";
import { formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { type ClusterChoice, findCluster } from "./find.ts";

export const SEVERITIES = ["normal", "warning", "error"] as const;

export interface EventsOptions {
  choice: ClusterChoice;
  limit: number;
  /** Minutes; -1 is without end. */
  maxAge: number;
  /** Words of `SEVERITIES`; empty is all. */
  severities: string[];
}

/** Shows the latest events of a virtual cluster, newest first. */
export async function showEvents(options: EventsOptions, context: CommandContext): Promise<void> {
  const severities = severitiesOf(options.severities);
  const { palette, cluster } = await findCluster(options.choice, context);
  const { maxAge, limit } = options;
  const oldestMs = maxAge === -1 ? -Infinity : context.runtime.clock.now().getTime() -
    maxAge * 60_000;
  const events: PaletteEvent[] = [];
  for await (const event of listClusterEvents(palette, cluster.uid)) {
    if (Date.parse(event.time) < oldestMs) break;
    if (severities.size > 0 && !severities.has(event.severity.toLowerCase())) continue;
    events.push(event);
    if (events.length === limit) break;
  }
  if (events.length === 0) context.printer.notice("No events found");
  await context.printer.result({
    document: () => listDocument(events.map((event) => ({ ...event }))),
    text: () =>
      formatTable(
        ["TIME", "SEVERITY", "REASON", "COMPONENT", "MESSAGE"],
        events.map(({ time, severity, reason, component, message }) => [
          time,
          severity,
          reason,
          component,
          message,
        ]),
      ),
  });
}

function severitiesOf(words: string[]): Set<string> {
  const known: readonly string[] = SEVERITIES;
  const lower = words.map((word) => word.toLowerCase());
  const bad = words.find((word) => !known.includes(word.toLowerCase()));
  if (bad === undefined) return new Set(lower);
  throw new UserError("usage", `--severity must be of ${known.join(", ")}, not "${bad}"`);
}
