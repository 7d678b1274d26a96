import { UserError } from "../errors.ts";
import { sanitizeLine } from "../output/sanitize.ts";
import type { CommandContext } from "./context.ts";
import { nearNames } from "./names.ts";

export interface Named {
  name: string;
  uid: string;
}

/** How the user names a thing; without either, somebody at the terminal chooses. */
export interface Wanted {
  name?: string | undefined;
  uid?: string | undefined;
}

export interface Lookup<T extends Named> {
  /** As messages write it: `Virtual Cluster`. */
  kind: string;
  /** Where it was looked for, for messages: `project "dev"`. */
  place: string;
  /** All of them; with a name, those of exactly that name will do. */
  list: (name?: string) => Promise<T[]>;
  /** What tells several of one name apart: `tenant`. */
  detail?: (item: T) => string;
  /** Flags that name it, for messages. */
  flags?: { name: string; uid?: string };
}

/**
 * The one thing that is meant.
 * @throws {UserError} `not-found` with near names, `ambiguous` with the uids, `usage` when it is not
 *   named and nobody can be asked.
 */
export async function lookUp<T extends Named>(
  { name, uid }: Wanted,
  lookup: Lookup<T>,
  context: CommandContext,
): Promise<T> {
  const { kind, list } = lookup;
  if (uid !== undefined) {
    const all = await list();
    return all.find((item) => item.uid === uid) ??
      refuse(notFound(uid, lookup, all.map((item) => item.uid)));
  }
  if (name !== undefined) return await byName(name, lookup);
  const { prompter } = context;
  const flags = lookup.flags ?? { name: "--name", uid: "--uid" };
  if (prompter === null) {
    throw new UserError("usage", `${flags.name} is required when not running interactively`, {
      hint: `Give the ${kind} with ${[flags.name, flags.uid].filter(Boolean).join(" or ")}`,
    });
  }
  const all = await list();
  if (all.length === 0) {
    throw new UserError("not-found", `There is no ${kind} in ${lookup.place}`);
  }
  const chosen = await prompter.select({
    label: kind,
    options: all.map((item) => ({
      value: item.uid,
      label: sanitizeLine(
        lookup.detail === undefined ? item.name : `${item.name} (${lookup.detail(item)})`,
      ),
    })),
  });
  return all.find((item) => item.uid === chosen) ?? refuse(notFound(chosen, lookup, []));
}

async function byName<T extends Named>(name: string, lookup: Lookup<T>): Promise<T> {
  const found = (await lookup.list(name)).filter((item) => item.name === name);
  const [first, second] = found;
  if (first === undefined) {
    const all = await lookup.list();
    throw notFound(name, lookup, all.map((item) => item.name));
  }
  if (second === undefined) return first;
  const uids = found.map((item) =>
    lookup.detail === undefined ? item.uid : `${item.uid} (${lookup.detail(item)})`
  );
  throw new UserError("ambiguous", `Several have the name: ${lookup.kind} "${name}"`, {
    hint: `Give ${lookup.flags?.uid ?? "--uid"} with one of ${uids.join(", ")}`,
  });
}

function notFound<T extends Named>(
  wanted: string,
  { kind, place }: Lookup<T>,
  names: string[],
): UserError {
  return new UserError("not-found", `${kind} "${wanted}" not found in ${place}`, {
    hint: nearNames(wanted, names),
  });
}

function refuse(error: UserError): never {
  throw error;
}

/**
 * Refuses to go on without something that nobody can be asked for; all that is missing at once.
 * @param flags Names and what they were given.
 */
export function requireFlags(
  flags: Record<string, unknown>,
  context: CommandContext,
): void {
  if (context.prompter !== null) return;
  const missing = Object.entries(flags)
    .filter(([, value]) => value === undefined || value === null).map(([flag]) => flag);
  if (missing.length === 0) return;
  throw new UserError(
    "usage",
    `${missing.join(" and ")} ${
      missing.length === 1 ? "is" : "are"
    } required when not running interactively`,
    { hint: "Add the flag, or run it in a terminal to be asked" },
  );
}

/**
 * Asks before something is deleted, when somebody is there to answer; scripts delete unattended.
 * @throws {UserError} `aborted`
 */
export async function confirmDeletion(
  thing: string,
  isSure: boolean,
  { prompter }: CommandContext,
): Promise<void> {
  await confirmOrAbort(`Delete ${thing}?`, isSure, prompter);
}

/** @throws {UserError} `aborted` */
export async function confirmOrAbort(
  question: string,
  isSure: boolean,
  prompter: CommandContext["prompter"],
): Promise<void> {
  if (isSure || prompter === null) return;
  if (await prompter.confirm({ label: sanitizeLine(question), default: false })) return;
  throw new UserError("aborted", "Nothing was changed: the answer was no", {
    hint: "Pass --yes to skip the question",
  });
}
