import { describeLeftOut } from "../../content/thin_bundle.ts";
import { UserError } from "../../errors.ts";
import type { VerifiedContent, VerifyContentOptions } from "./verify.ts";

/**
 * The error of what has problems. Damage comes first: after it no signature can fit. Without any the
 * keys may be the wrong ones, so the hint is not to copy what is whole.
 * @returns Null for what has none.
 */
export function verdictError(
  { place, signature, report, images }: VerifiedContent,
  { key, verifyImages }: Pick<VerifyContentOptions, "key" | "verifyImages">,
): UserError | null {
  const doesFit = signature?.fits !== false;
  const unsigned = images?.problems.length ?? 0;
  const count = report.problems.length + unsigned + (doesFit ? 0 : 1);
  if (count === 0) return null;
  const refuse = (message: string, hint: string) =>
    new UserError("checks-failed", message, { hint });
  const { leftOut = null } = report;
  if (leftOut !== null && leftOut.blobs.length === count) {
    return refuse(
      describeLeftOut(place, leftOut),
      "What is in it is intact: verify the other bundle, too, and keep it with this one",
    );
  }
  if (report.problems.length > 0) {
    return refuse(
      `"${place}" is not what was made: ${count === 1 ? "1 problem" : `${count} problems`}`,
      "Copy it again from where it was built, or build it again",
    );
  }
  if (!doesFit) {
    return refuse(
      `The signature of "${place}" does not fit the key "${key}"`,
      signature.keyAlgorithm === signature.algorithm
        ? "Check that --key is the key of whoever signed it; if it is, the bundle or its signature " +
          "is another one: copy both again"
        : `It is made with another kind of key (${signature.algorithm}, not ` +
          `${signature.keyAlgorithm}): pass the key of whoever signed it with --key`,
    );
  }
  const keys = verifyImages.map((file) => `"${file}"`).join(", ");
  return refuse(
    `${unsigned === 1 ? "1 image" : `${unsigned} images`} of "${place}" ` +
      `${unsigned === 1 ? "is" : "are"} not signed with ${
        verifyImages.length === 1 ? "the key" : "one of the keys"
      } ${keys}`,
    "Add the key of whoever publishes them with another --verify-images; images that have no " +
      "signature cannot be verified",
  );
}
