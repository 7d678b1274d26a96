import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import { environmentOf } from "../../lib/runtime/environment.ts";
import { systemExec } from "../../lib/runtime/exec.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { Keyring } from "../../lib/secrets/keyring.ts";
import {
  checkPassphrasePolicy,
  unmetPassphraseRules,
} from "../../lib/secrets/passphrase_policy.ts";
import {
  ENCRYPTION_PASSPHRASE,
  type PassphraseOptions,
  PassphraseSource,
} from "../../lib/secrets/passphrase_source.ts";
import { SecretInput } from "../../lib/secrets/secret_input.ts";
import { CapturedStreams } from "../support/captured_streams.ts";
import { CountingCrypto } from "../support/counting_crypto.ts";
import { type ScriptedAnswer, ScriptedPrompter } from "../support/scripted_prompter.ts";

const POLICY: [string, string, string[]][] = [
  ["what meets every rule", "Abcdef1!", []],
  ["32 characters", `Aa1!${"x".repeat(28)}`, []],
  ["7 characters", "Abcde1!", ["at least 8"]],
  ["33 characters", `Aa1!${"x".repeat(29)}`, ["at most 32"]],
  ["no capital", "abcdef1!", ["a capital letter"]],
  ["no lowercase letter", "ABCDEF1!", ["a lowercase letter"]],
  ["no digit", "Abcdefg!", ["a digit"]],
  ["no special character", "Abcdefg1", ["a special character"]],
  ["a space as its only special", "Abcdef 1", ["a special character"]],
  ["spaces within", "Abc def 1!", []],
  ["a letter beyond ASCII as its special", "Abcdef1ö", []],
  ["capital and digit beyond ASCII only", "äbcdefg١!Ä", ["a capital letter", "a digit"]],
  ["characters beyond the BMP, each counted once", "Aa1!👍👍👍", ["at least 8"]],
  ["eight with such", "Aa1!👍👍👍👍", []],
  ["NFD that is shorter in NFC", "Aa1!e\u0301e\u0301e\u0301", ["at least 8"]],
  ["a control character", "Abcdef1!\x07", ["no control characters"]],
  ["a newline", "Abcdef1!\n", ["no control characters"]],
  ["half a surrogate pair", "Abcdef1!\ud800", ["no control characters"]],
  ["nothing", "", [
    "at least 8",
    "a capital letter",
    "a lowercase letter",
    "a digit",
    "a special character",
  ]],
];

for (const [name, passphrase, unmet] of POLICY) {
  Deno.test(`the policy takes ${name} for ${unmet.length === 0 ? "good" : unmet.join(", ")}`, () => {
    const found = unmetPassphraseRules(passphrase);
    assertEquals(found.length, unmet.length, found.join());
    for (const [at, text] of unmet.entries()) assertStringIncludes(found[at] ?? "", text);
  });
}

Deno.test("checkPassphrasePolicy() lists every unmet rule in one message, never the value", () => {
  const error = assertThrows(() => checkPassphrasePolicy("hunter"), UserError);
  assertEquals(error.code, "passphrase-policy");
  for (const text of ["at least 8", "capital", "digit", "special"]) {
    assertStringIncludes(error.message, text);
  }
  assertEquals(error.message.includes("hunter"), false);
});

interface Setting {
  env?: Record<string, string>;
  options?: PassphraseOptions;
  stdin?: string | Uint8Array;
  answers?: ScriptedAnswer[];
}

function sourceOf({ env = {}, options = {}, stdin = "", answers }: Setting) {
  const environment = environmentOf({ PATH: Deno.env.get("PATH") ?? "", ...env });
  const known: string[] = [];
  const seen = { visible: 0, refusals: [] as string[] };
  const prompter = answers === undefined ? null : new ScriptedPrompter(answers);
  const source = new PassphraseSource(ENCRYPTION_PASSPHRASE, options, {
    env: environment,
    input: new SecretInput({
      files: systemFiles(),
      exec: systemExec(environment),
      stdin: new CapturedStreams({ stdin }).stdin,
    }),
    prompter,
    onKnown: (passphrase) => known.push(passphrase),
    onVisible: () => seen.visible++,
    onRefused: (reason) => seen.refusals.push(reason),
  });
  return { source, known, seen, prompter };
}

async function withFile<T>(text: string | Uint8Array, work: (path: string) => Promise<T>) {
  const path = await Deno.makeTempFile();
  try {
    await (typeof text === "string" ? Deno.writeTextFile(path, text) : Deno.writeFile(path, text));
    return await work(path);
  } finally {
    await Deno.remove(path);
  }
}

const FLAG = "From-Flag-1";
const COMMAND = "From-Command-1";
const VARIABLE = "From-Variable-1";

Deno.test("a flag wins over variables, and is reported as visible", async () => {
  const { source, seen } = sourceOf({
    options: { value: FLAG },
    env: { PALETTE_ENCRYPTION_PASSWORD: VARIABLE },
  });
  assertEquals(await source.given(), FLAG);
  assertEquals(seen.visible, 1);
});

Deno.test("file, command, variable and the variable's file, in this order", async () => {
  await withFile("From-File-1\n", async (path) => {
    const env = {
      PALETTE_ENCRYPTION_PASSWORD: VARIABLE,
      PALETTE_ENCRYPTION_PASSWORD_FILE: path,
    };
    assertEquals(await sourceOf({ env, options: { file: path } }).source.given(), "From-File-1");
    const command = `printf '%s\\n' "${COMMAND}"`;
    assertEquals(await sourceOf({ env, options: { command } }).source.given(), COMMAND);
    assertEquals(await sourceOf({ env }).source.given(), VARIABLE);
    assertEquals(
      await sourceOf({ env: { PALETTE_ENCRYPTION_PASSWORD_FILE: path } }).source.given(),
      "From-File-1",
    );
    assertEquals(await sourceOf({}).source.given(), null);
  });
});

Deno.test("an empty variable counts as not set", async () => {
  const { source } = sourceOf({ env: { PALETTE_ENCRYPTION_PASSWORD: "" } });
  assertEquals(await source.given(), null);
});

for (
  const options of [{ value: FLAG, file: "f" }, { value: FLAG, command: "c" }, {
    file: "f",
    command: "c",
  }]
) {
  Deno.test(`${Object.keys(options).join(" and ")} together are refused`, async () => {
    const error = await assertRejects(() => sourceOf({ options }).source.given(), UserError);
    assertEquals(error.code, "usage");
  });
}

Deno.test("a passphrase is known to the redactor before the policy is checked", async () => {
  const { source, known } = sourceOf({ env: { PALETTE_ENCRYPTION_PASSWORD: "weak" } });
  await assertRejects(() => source.given(), UserError);
  assertEquals(known, ["weak"]);
});

const INPUTS: [string, string | Uint8Array, string | null][] = [
  ["one newline at the end", "Abcdef1!\n", "Abcdef1!"],
  ["CRLF at the end", "Abcdef1!\r\n", "Abcdef1!"],
  ["no newline", "Abcdef1!", "Abcdef1!"],
  ["white space, which stays", " Abcdef1! ", " Abcdef1! "],
  ["a NUL", "Abcdef1!\0", null],
  ["a byte order mark", "\ufeffAbcdef1!", null],
  ["more than 4 KiB", "A".repeat(4097), null],
  ["what is not UTF-8", new Uint8Array([0x41, 0xff]), null],
];

for (const [name, content, wanted] of INPUTS) {
  for (const way of ["file", "stdin"] as const) {
    Deno.test(`a passphrase by ${way} with ${name} is ${wanted === null ? "refused" : "read"}`, async () => {
      await withFile(content, async (path) => {
        const { source } = way === "file"
          ? sourceOf({ options: { file: path } })
          : sourceOf({ options: { file: "-" }, stdin: content });
        if (wanted !== null) return assertEquals(await source.given(), wanted);
        const error = await assertRejects(() => source.given(), UserError);
        assertEquals(error.code, "validation");
        assertStringIncludes(error.message, "--encryption-passphrase-file");
      });
    });
  }
}

const COMMANDS: [string, string, string | RegExp][] = [
  ["only its first line", "printf 'Abcdef1!\\nsecond\\n'", "Abcdef1!"],
  ["quotes and backslashes", `printf '%s' "Abc def"\\ 1!`, "Abc def 1!"],
  ["no shell", "printf '%s' $HOME;Abcdef1!", "$HOME;Abcdef1!"],
  ["a failing command", "false", /exit status 1/],
  ["a missing program", "no-such-program-here", /"no-such-program-here" was not found/],
  [
    "a file that is no program",
    `'${import.meta.filename}'`,
    /cannot be run: .* not marked as exec/,
  ],
  ["nothing printed", "true", /it printed nothing/],
  ["an open quote", "printf 'x", /unclosed quote/],
];

for (const [name, command, wanted] of COMMANDS) {
  Deno.test(`a passphrase command: ${name}`, async () => {
    const { source } = sourceOf({ options: { command } });
    if (typeof wanted === "string") return assertEquals(await source.given(), wanted);
    const error = await assertRejects(() => source.given(), UserError);
    assertEquals(wanted.test(error.message), true, error.message);
  });
}

const ASKED = { kind: "secret", label: "Encryption passphrase" } as const;
const AGAIN = { kind: "secret", label: "Encryption passphrase (again)" } as const;

Deno.test("a new passphrase is asked for twice, and once a run", async () => {
  const { source, prompter } = sourceOf({
    answers: [{ ...ASKED, answer: FLAG }, { ...AGAIN, answer: FLAG }],
  });
  assertEquals(await source.forEncryption(), FLAG);
  assertEquals(await source.forEncryption(), FLAG);
  prompter?.assertDone();
});

Deno.test("a new passphrase that is typed differently is asked for again, three times", async () => {
  const slip = [{ ...ASKED, answer: FLAG }, { ...AGAIN, answer: COMMAND }];
  const { source, prompter } = sourceOf({ answers: [...slip, ...slip, ...slip] });
  const error = await assertRejects(() => source.forEncryption(), UserError);
  assertEquals(error.code, "passphrase-missing");
  prompter?.assertDone();
});

Deno.test("a slip is told, and what was typed twice alike is taken", async () => {
  const { source, seen } = sourceOf({
    answers: [
      { ...ASKED, answer: FLAG },
      { ...AGAIN, answer: COMMAND },
      { ...ASKED, answer: FLAG },
      { ...AGAIN, answer: FLAG },
    ],
  });
  assertEquals(await source.forEncryption(), FLAG);
  assertEquals(seen.refusals, ["The two entries of the encryption passphrase differ"]);
});

const WEAK = { ...ASKED, answer: "weak" };
const WEAK_REASON =
  "The encryption passphrase does not meet the policy: make sure that it has at " +
  "least 8 characters, has a capital letter (A-Z), has a digit (0-9), has a special character " +
  "(not a letter A-Z or a-z, a digit or a space)";

for (const ask of ["forEncryption", "ask"] as const) {
  Deno.test(`${ask}() gives up after three weak passphrases, and tells why each time`, async () => {
    const { source, seen, prompter } = sourceOf({ answers: [WEAK, WEAK, WEAK] });
    const error = await assertRejects(() => source[ask](), UserError);
    assertEquals([error.code, error.message], ["passphrase-policy", WEAK_REASON]);
    assertEquals(seen.refusals, [WEAK_REASON, WEAK_REASON]);
    prompter?.assertDone();
  });
}

Deno.test("weak passphrases and slips count together", async () => {
  const slip = [{ ...ASKED, answer: FLAG }, { ...AGAIN, answer: COMMAND }];
  const { source, seen, prompter } = sourceOf({ answers: [...slip, WEAK, ...slip] });
  const error = await assertRejects(() => source.forEncryption(), UserError);
  assertEquals(error.code, "passphrase-missing");
  assertEquals(seen.refusals.length, 2);
  prompter?.assertDone();
});

Deno.test("a wrong passphrase is told, and asked for three times", async () => {
  const answers = ["weak", COMMAND, VARIABLE].map((answer) => ({ ...ASKED, answer }));
  const { source, seen, prompter } = sourceOf({ answers });
  const tried: string[] = [];
  const error = await assertRejects(
    () =>
      source.forDecryption(
        (passphrase) => Promise.resolve(tried.push(passphrase) === 0),
        () => new UserError("decrypt-failed", "Cannot decrypt it: wrong passphrase"),
      ),
    UserError,
  );
  assertEquals(error.code, "decrypt-failed");
  assertEquals(seen.refusals, Array(2).fill("Cannot decrypt it: wrong passphrase"));
  // What the policy refuses cannot be right: no derivation is spent on it.
  assertEquals(tried, [COMMAND, VARIABLE]);
  prompter?.assertDone();
});

Deno.test("callers at the same time share one question", async () => {
  const { source, prompter } = sourceOf({ answers: [{ ...ASKED, answer: FLAG }] });
  const isRight = (passphrase: string) => Promise.resolve(passphrase === FLAG);
  const wrong = () => new UserError("decrypt-failed", "wrong");
  assertEquals(
    await Promise.all([
      source.forDecryption(isRight, wrong),
      source.forDecryption(isRight, wrong),
    ]),
    [FLAG, FLAG],
  );
  prompter?.assertDone();
});

Deno.test("a given passphrase that is wrong is never asked for", async () => {
  const { source, prompter } = sourceOf({
    env: { PALETTE_ENCRYPTION_PASSWORD: VARIABLE },
    answers: [],
  });
  await assertRejects(
    () => source.forDecryption(() => Promise.resolve(false), () => new UserError("usage", "no")),
    UserError,
    "no",
  );
  prompter?.assertDone();
});

Deno.test("without a terminal a missing passphrase is an error with all ways", async () => {
  const error = await assertRejects(() => sourceOf({}).source.forEncryption(), UserError);
  assertEquals(error.code, "passphrase-missing");
  assertStringIncludes(error.hint ?? "", "PALETTE_ENCRYPTION_PASSWORD");
  assertStringIncludes(error.hint ?? "", "--encryption-passphrase-file");
});

function keyring() {
  const { source } = sourceOf({ env: { PALETTE_ENCRYPTION_PASSWORD: VARIABLE } });
  const crypto = new CountingCrypto();
  return { crypto, keyring: new Keyring(source, { crypto }) };
}

Deno.test("many files that share a salt cost one derivation, none before a key is needed", async () => {
  const it = keyring();
  const choice = it.keyring.freshSalt(600_000);
  assertEquals(it.crypto.derivations.length, 0);
  const files = await Promise.all(
    Array.from({ length: 10 }, () => it.keyring.create(VARIABLE, choice)),
  );
  for (const { block } of files) await it.keyring.unlock(block, "f");
  assertEquals(it.crypto.derivations.length, 1);
  assertEquals(new Set(files.map(({ block }) => block.fileId)).size, 10);
});

Deno.test("a salt that costs less than may be written gets the cost of today", async () => {
  const it = keyring();
  const { block } = await it.keyring.create(VARIABLE, it.keyring.freshSalt(100_000));
  assertEquals(block.iterations, 1_000_000);
});

Deno.test("a wrong passphrase opens nothing", async () => {
  const it = keyring();
  const { block } = await it.keyring.create("Another-One-1", it.keyring.freshSalt(600_000));
  assertEquals(await it.keyring.tryUnlock(block, VARIABLE), null);
  const error = await assertRejects(() => it.keyring.unlock(block, '"f"'), UserError);
  assertEquals([error.code, error.message], [
    "decrypt-failed",
    'Cannot decrypt "f": wrong passphrase',
  ]);
});
