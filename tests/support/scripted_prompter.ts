import type {
  ConfirmQuestion,
  InputQuestion,
  Prompter,
  SecretQuestion,
  SelectQuestion,
  Validate,
} from "../../lib/runtime/prompter.ts";

/** A question that is expected next, and what is answered; an error is thrown instead. */
export type ScriptedAnswer =
  & {
    label: string | RegExp;
    /** What happens elsewhere while the question stands. */
    meanwhile?: () => Promise<unknown>;
  }
  & (
    | { kind: "input" | "secret" | "select"; answer: string | Error }
    | { kind: "confirm"; answer: boolean | Error }
  );

/** A question that was asked. */
export type AskedQuestion =
  | { kind: "input" } & InputQuestion
  | { kind: "secret" } & SecretQuestion
  | { kind: "confirm" } & ConfirmQuestion
  | { kind: "select" } & SelectQuestion;

/**
 * Answers questions from a script, and nothing else: any question out of turn throws. A refused
 * answer is followed by the next one of the script, as a person at a terminal would be asked again.
 */
export class ScriptedPrompter implements Prompter {
  /** Every question asked, in order; one that was asked again after a refusal counts once. */
  readonly questions: AskedQuestion[] = [];
  /** What was said about refused answers. */
  readonly refusals: string[] = [];
  readonly #script: ScriptedAnswer[];
  /** Kept for `assertDone`, since code under test may swallow what a question throws. */
  readonly #faults: string[] = [];
  #next = 0;
  #isAsking = false;

  constructor(script: ScriptedAnswer[]) {
    this.#script = script;
  }

  input(question: InputQuestion): Promise<string> {
    return this.#ask({ kind: "input", ...question }, () => {
      const answer = this.#text("input", question.label);
      return this.#checked(answer === "" ? question.suggestion ?? "" : answer, question.validate);
    });
  }

  secret(question: SecretQuestion): Promise<string> {
    return this.#ask({ kind: "secret", ...question }, () => {
      return this.#checked(this.#text("secret", question.label), question.validate);
    });
  }

  confirm(question: ConfirmQuestion): Promise<boolean> {
    return this.#ask({ kind: "confirm", ...question }, () => {
      const scripted = this.#take("confirm", question.label);
      if (typeof scripted !== "boolean") throw this.#fault(`"${question.label}" takes a boolean`);
      return scripted;
    });
  }

  select(question: SelectQuestion): Promise<string> {
    return this.#ask({ kind: "select", ...question }, () => {
      const answer = this.#text("select", question.label);
      if (question.options.some((option) => option.value === answer)) return answer;
      const values = question.options.map((option) => JSON.stringify(option.value)).join(", ");
      throw this.#fault(`"${question.label}" does not offer "${answer}", but ${values}`);
    });
  }

  /** @throws When a question was out of turn, or the script has answers that nobody asked for. */
  assertDone(): void {
    if (this.#faults.length > 0) throw new Error(this.#faults.join("\n"));
    const unused = this.#script.slice(this.#next).map(describe);
    if (unused.length > 0) throw new Error(`Not asked: ${unused.join(", ")}`);
  }

  /** Two questions at once would garble a terminal. */
  async #ask<T>(question: AskedQuestion, answer: () => T | null): Promise<T> {
    if (this.#isAsking) throw this.#fault(`"${question.label}" was asked during another question`);
    this.#isAsking = true;
    this.questions.push(question);
    try {
      for (;;) {
        // Later than everything that is ready to run, as an answer of a person would be.
        await new Promise((resolve) => setTimeout(resolve, 0));
        await this.#script[this.#next]?.meanwhile?.();
        const given = answer();
        if (given !== null) return given;
      }
    } finally {
      this.#isAsking = false;
    }
  }

  /** Null when the answer is refused. */
  #checked(answer: string, validate: Validate | undefined): string | null {
    const verdict = validate?.(answer) ?? true;
    if (verdict === true) return answer;
    this.refusals.push(verdict);
    return null;
  }

  #text(kind: "input" | "secret" | "select", label: string): string {
    const answer = this.#take(kind, label);
    if (typeof answer !== "string") throw this.#fault(`"${label}" takes a text`);
    return answer;
  }

  #take(kind: AskedQuestion["kind"], label: string): string | boolean {
    const expected = this.#script[this.#next];
    if (expected === undefined) throw this.#fault(`Unexpected question: ${kind} "${label}"`);
    const isLabel = typeof expected.label === "string"
      ? expected.label === label
      : expected.label.test(label);
    if (expected.kind !== kind || !isLabel) {
      throw this.#fault(`Unexpected question: ${kind} "${label}", not ${describe(expected)}`);
    }
    this.#next++;
    if (expected.answer instanceof Error) throw expected.answer;
    return expected.answer;
  }

  #fault(message: string): Error {
    this.#faults.push(message);
    return new Error(message);
  }
}

function describe({ kind, label }: ScriptedAnswer): string {
  return `${kind} ${typeof label === "string" ? JSON.stringify(label) : label}`;
}
