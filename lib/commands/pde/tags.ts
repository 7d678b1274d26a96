import { UserError } from "../../errors.ts";
import type { Prompter } from "../../runtime/prompter.ts";

const KEY = /^[A-Za-z0-9]([\w./-]*[A-Za-z0-9])?$/;

/**
 * Checks tags, each `key` or `key:value`.
 * @throws {UserError} `validation`
 */
export function requireTags(tags: readonly string[]): void {
  const bad = tags.find((tag) => !isTag(tag));
  if (bad === undefined) return;
  throw new UserError("validation", `Cannot use the tag "${bad}": its key is not a label's`, {
    hint: "Write key or key:value, several separated by commas",
  });
}

/** Tags of an answer, several separated by commas; none for an empty one. */
export async function askTags(prompter: Prompter): Promise<string[]> {
  const answer = await prompter.input({
    label: "Tags (optional, separated by commas)",
    validate: (text) => {
      const bad = tagsOf(text).find((tag) => !isTag(tag));
      return bad === undefined || `the key of "${bad}" is not a label's`;
    },
  });
  return tagsOf(answer);
}

function tagsOf(text: string): string[] {
  return text.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "");
}

function isTag(tag: string): boolean {
  return KEY.test(tag.split(":")[0] ?? "");
}
