/** Palette's published API description (Swagger 2.0), to hold requests and answers against. */

import { Ajv, type ValidateFunction } from "ajv";
import type { RecordedRequest } from "./fake_palette.ts";

interface Parameter {
  name: string;
  in: "query" | "path" | "body" | "header" | "formData";
  schema?: unknown;
}

interface DescribedOperation {
  operationId: string;
  parameters?: Parameter[];
  responses: Record<string, { schema?: unknown }>;
}

interface Description {
  paths: Record<string, Record<string, DescribedOperation> & { parameters?: Parameter[] }>;
  definitions: Record<string, unknown>;
}

export async function openOfficialDescription(path: string): Promise<OfficialDescription> {
  return new OfficialDescription(JSON.parse(await Deno.readTextFile(path)));
}

export class OfficialDescription {
  readonly #description: Description;
  readonly #ajv = new Ajv({
    strict: false,
    allErrors: true,
    validateSchema: false,
    validateFormats: false,
  });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(description: Description) {
    this.#description = description;
    repair(description.definitions);
    const { definitions } = description;
    this.#ajv.addSchema({ $id: "open", definitions });
    this.#ajv.addSchema({
      $id: "closed",
      definitions: Object.fromEntries(
        Object.entries(definitions).map(([name, schema]) => [name, closed(schema)]),
      ),
    });
  }

  /** `operationId` of a path template and method; null when it is not described. */
  operationId(method: string, template: string): string | null {
    return this.#operation(method, template)?.operationId ?? null;
  }

  queryNames(method: string, template: string): string[] {
    return this.#parameters(method, template)
      .filter((parameter) => parameter.in === "query").map(({ name }) => name);
  }

  /** Names of the fields of a form. */
  formNames(method: string, template: string): string[] {
    return this.#parameters(method, template)
      .filter((parameter) => parameter.in === "formData").map(({ name }) => name);
  }

  /** What of a request does not fit the description of its operation. */
  checkRequest(template: string, { method, query, body }: RecordedRequest): string[] {
    const parameters = this.#parameters(method, template);
    const unknown = [...query.keys()].filter((name) =>
      !parameters.some((parameter) => parameter.in === "query" && parameter.name === name)
    );
    const described = parameters.find((parameter) => parameter.in === "body");
    const problems = unknown.map((name) => `query parameter ${name} is not described`);
    if (body !== null && described === undefined) problems.push("no body is described");
    if (described?.schema !== undefined && body !== null) {
      problems.push(...this.#misfits(closed(described.schema), body, "closed"));
    }
    return problems;
  }

  /** What of an answer does not fit; an undescribed status is an error answer (D8). */
  checkAnswer(method: string, template: string, status: number, body: unknown): string[] {
    const response = this.#operation(method, template)?.responses[String(status)];
    if (response === undefined) return [`status ${status} is not described`];
    if (response.schema === undefined || status === 204) return [];
    return this.#misfits(response.schema, body, "open");
  }

  #operation(method: string, template: string): DescribedOperation | undefined {
    return this.#description.paths[template]?.[method.toLowerCase()];
  }

  #parameters(method: string, template: string): Parameter[] {
    return [
      ...this.#description.paths[template]?.parameters ?? [],
      ...this.#operation(method, template)?.parameters ?? [],
    ];
  }

  #misfits(schema: unknown, value: unknown, kind: "open" | "closed"): string[] {
    const rooted = JSON.stringify(schema).replaceAll('"#/definitions/', `"${kind}#/definitions/`);
    let validate = this.#compiled.get(rooted);
    if (validate === undefined) {
      this.#compiled.set(rooted, validate = this.#ajv.compile(JSON.parse(rooted)));
    }
    return validate(value) ? [] : [this.#ajv.errorsText(validate.errors)];
  }
}

/** The schema with no properties but those it declares (D4), and none required but those (D2). */
function closed(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  const { properties, items, required, ...rest } = schema as Record<string, unknown>;
  const result: Record<string, unknown> = { ...rest };
  if (items !== undefined) result["items"] = closed(items);
  if (typeof properties !== "object" || properties === null) return result;
  const known = Object.entries(properties).map(([name, child]) => [name, closed(child)] as const);
  result["properties"] = Object.fromEntries(known);
  if (Array.isArray(required)) {
    result["required"] = required.filter((name) => known.some(([property]) => property === name));
  }
  // A part of a whole may not close it.
  if (!("allOf" in rest) && !("additionalProperties" in rest)) {
    result["additionalProperties"] = false;
  }
  return result;
}

/** Numbers instead of booleans for exclusive bounds (D3). */
function repair(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const schema = value as Record<string, unknown>;
  for (
    const [bound, exclusive] of [["minimum", "exclusiveMinimum"], ["maximum", "exclusiveMaximum"]]
  ) {
    if (bound === undefined || exclusive === undefined) continue;
    if (typeof schema[exclusive] !== "boolean") continue;
    if (schema[exclusive] === true) {
      schema[exclusive] = schema[bound];
      delete schema[bound];
    } else delete schema[exclusive];
  }
  for (const child of Object.values(schema)) repair(child);
}
