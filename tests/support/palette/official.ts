/** Palette's published API description (Swagger 2.0), to hold requests and answers against. */

import { Ajv, type ValidateFunction } from "ajv";
import type { RecordedRequest } from "./fake_palette.ts";

interface Parameter {
  name: string;
  in: "query" | "path" | "body" | "header";
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
  readonly #compiled = new Map<unknown, ValidateFunction>();

  constructor(description: Description) {
    this.#description = description;
    repair(description.definitions);
    this.#ajv.addSchema({ $id: "palette", definitions: description.definitions });
  }

  /** `operationId` of a path template and method; null when it is not described. */
  operationId(method: string, template: string): string | null {
    return this.#operation(method, template)?.operationId ?? null;
  }

  queryNames(method: string, template: string): string[] {
    return this.#parameters(method, template)
      .filter((parameter) => parameter.in === "query").map(({ name }) => name);
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
    if (described?.schema !== undefined) problems.push(...this.#misfits(described.schema, body));
    return problems;
  }

  /** What of an answer does not fit; an undescribed status is an error answer (D8). */
  checkAnswer(method: string, template: string, status: number, body: unknown): string[] {
    const response = this.#operation(method, template)?.responses[String(status)];
    if (response === undefined) return [`status ${status} is not described`];
    return response.schema === undefined ? [] : this.#misfits(response.schema, body);
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

  #misfits(schema: unknown, value: unknown): string[] {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      const rooted = JSON.parse(
        JSON.stringify(schema).replaceAll('"#/definitions/', '"palette#/definitions/'),
      );
      this.#compiled.set(schema, validate = this.#ajv.compile(rooted));
    }
    return validate(value) ? [] : [this.#ajv.errorsText(validate.errors)];
  }
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
