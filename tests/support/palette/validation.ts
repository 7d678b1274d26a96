import { Ajv, type ValidateFunction } from "ajv";
import type { Schema } from "./operation.ts";

const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, coerceTypes: false });
const queryAjv = new Ajv({ strict: false, validateSchema: false, coerceTypes: true });
const compiled = new Map<Schema, ValidateFunction>();

/** Why a value does not fit its schema; null when it does. */
export function misfit(schema: Schema, value: unknown): string | null {
  let validate = compiled.get(schema);
  if (validate === undefined) compiled.set(schema, validate = ajv.compile(schema));
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

/** The same for query parameters, which are text and whose numbers are read first. */
export function queryMisfit(
  parameters: Record<string, Schema>,
  query: URLSearchParams,
): string | null {
  const schema = { type: "object", properties: parameters, additionalProperties: false };
  const validate = queryAjv.compile(schema);
  return validate(Object.fromEntries(query)) ? null : queryAjv.errorsText(validate.errors);
}
