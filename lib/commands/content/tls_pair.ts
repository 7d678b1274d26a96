import { UserError } from "../../errors.ts";

/**
 * A client certificate is of no use without its key.
 * @throws {UserError} `usage`
 */
export function requireTlsPair(
  { tlsCert, tlsKey }: { tlsCert?: string | undefined; tlsKey?: string | undefined },
): void {
  if ((tlsCert === undefined) === (tlsKey === undefined)) return;
  throw new UserError(
    "usage",
    `${tlsCert === undefined ? "--tls-key" : "--tls-cert"} needs its other half`,
    { hint: "Give both --tls-cert and --tls-key" },
  );
}
