import type { SchemaName } from './openapi-schemas.ts';

/** The parts of OpenAPI 3.1.1 that the document uses (https://spec.openapis.org/oas/v3.1.1.html#schema). */
export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly required?: boolean;
  readonly description: string;
  readonly schema: object;
}

/** An example of a body. */
export interface Example {
  readonly summary: string;
  readonly value: unknown;
}

/** A body in one content type. */
export interface MediaType {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, Example>>;
}

/** Bodies by content type. */
export type Content = Readonly<Record<string, MediaType>>;

/** An answer to an operation. */
export interface Response {
  readonly description: string;
  readonly content?: Content;
}

/** A pointer to a component of the document. */
export interface Reference {
  readonly $ref: string;
}

/** A body that an operation takes. */
export interface RequestBody {
  readonly required: boolean;
  readonly content: Content;
}

/** What one method of a path does. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: RequestBody;
  readonly responses: Readonly<Record<string, Response | Reference>>;
}

/** Operations by method, in lower case. */
export type PathItem = Readonly<Partial<Record<'get' | 'post' | 'delete', Operation>>>;

/** Everything that is served, by path. */
export type Paths = Readonly<Record<string, PathItem>>;

/** A reference to a schema of the components. */
export function schemaRef(name: SchemaName): Reference {
  return { $ref: `#/components/schemas/${name}` };
}

/** JSON of a schema, with an example where there is one. */
export function json(name: SchemaName, summary?: string, value?: unknown): Content {
  const media = { schema: schemaRef(name) };
  return {
    'application/json':
      summary === undefined ? media : { ...media, examples: { example: { summary, value } } },
  };
}

/** The same as a text for a person, which a client asks for with `Accept: text/plain`. */
export function text(): Content {
  return { 'text/plain': { schema: { type: 'string' } } };
}

/** A JSON body that must be there. */
export function body(name: SchemaName, summary: string, value: unknown): RequestBody {
  return { required: true, content: json(name, summary, value) };
}
