import { UserError } from "../../../errors.ts";

/**
 * The address of a registry as Palette takes it; one without a scheme is https.
 * @throws {UserError} `validation`
 */
export function parseEndpoint(text: string): string {
  const verdict = checkEndpoint(text);
  if (verdict === true) return withScheme(text);
  throw new UserError(
    "validation",
    `Cannot use the endpoint "${withoutUserInfo(text)}": ${verdict}`,
    {
      hint:
        "Give the address as in registry.example.com; it is https unless http:// stands before it",
    },
  );
}

/** True, or why a text is no address of a registry; for prompts. */
export function checkEndpoint(text: string): true | string {
  const address = withScheme(text);
  if (/\s/.test(address) || !URL.canParse(address)) return "it is no address";
  const { protocol, username, password, search, hash } = new URL(address);
  if (protocol !== "https:" && protocol !== "http:") {
    return "it must begin with https:// or http://";
  }
  if (username !== "" || password !== "") {
    return "it must not hold a user or password; give --username and --password-stdin";
  }
  if (search !== "" || hash !== "") return "it must not hold a query";
  return true;
}

function withScheme(text: string): string {
  return text.includes("://") ? text : `https://${text}`;
}

function withoutUserInfo(text: string): string {
  return text.replace(/^([^/]*\/\/)?[^/@]*@/, "$1");
}
