import type { Family } from '../ip/address.ts';
import { isObject } from './decode.ts';
import type { FieldError, FieldWarning } from './field-error.ts';
import { indexPath } from './field-path.ts';
import { apiGroup } from './names.ts';
import { nearMiss } from './near-miss.ts';
import type { ParseOutcome } from './parse-resource.ts';
import { parsePool, parseReservedIp } from './parse-resource.ts';
import { defaultPool } from './pool-defaults.ts';
import { validatePool } from './pool-validation.ts';
import { poolWarnings } from './pool-warnings.ts';
import { quote } from './quote.ts';
import { defaultReservedIp } from './reserved-ip-defaults.ts';
import { validateReservedIp } from './reserved-ip-validation.ts';
import type { SpiderIPPool, SpiderReservedIP } from './resources.ts';
import type { SourceDocument } from './source-documents.ts';
import { parseSource } from './source-documents.ts';

/** Length of a file at most: what etcd takes as one object, so that nothing is lost on the way to a cluster. */
export const manifestCharactersMax = 1024 * 1024;
/** Objects in a file at most, documents and items of lists together; it bounds the work that one file can make. */
export const manifestObjectsMax = 1000;
/** Problems that are told of one file; whoever made more starts with these. */
const problemsMax = 100;

/** A file does not say which families are switched on; the agent leaves out what is off. */
const bothFamilies: readonly Family[] = [4, 6];

/** A resource out of a file: defaulted, valid by itself, without what only a server writes (status, deletion). */
export interface ManifestResource {
  readonly resource: SpiderIPPool | SpiderReservedIP;
  readonly file: string;
  /** Line of its beginning, from 1. */
  readonly line: number;
}

/** `error`: the object (or the file) is not used. `warning`: it is used as written, or without a field. `note`: no object of ours. */
export type ManifestProblemLevel = 'error' | 'warning' | 'note';

/** Something in a file that its writer should know. */
export interface ManifestProblem {
  readonly level: ManifestProblemLevel;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Path of the field in its document, such as `spec.gateway` or `items[1].spec.gateway`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** What a file holds. */
export interface Manifests {
  readonly resources: readonly ManifestResource[];
  readonly problems: readonly ManifestProblem[];
}

/** One object of a file: a document, or an item of a list in it. */
interface ManifestObject {
  readonly value: unknown;
  readonly document: SourceDocument;
  /** Path of the object in its document; empty for the document itself. */
  readonly path: string;
}

const kinds = ['SpiderIPPool', 'SpiderReservedIP'];
const listKinds = ['List', ...kinds.map((kind) => `${kind}List`)];

/**
 * Reads the SpiderIPPools and SpiderReservedIPs of a file, YAML of any number of documents or JSON, `kind: List` included. Each
 * object is parsed, defaulted and checked by itself; an object with errors is left out, the others of the file are there.
 * Pure, and never throws.
 *
 * @param fileName the name that problems carry
 */
export function parseManifests(text: string, fileName: string): Manifests {
  const reader = new ManifestReader(fileName);
  if (text.length > manifestCharactersMax) {
    const message = `the file has more than ${manifestCharactersMax} characters: split it`;
    reader.report('error', 1, '', message);
    return reader.result();
  }
  const source = parseSource(text);
  if (!source.ok) {
    reader.report('error', source.line, '', `not YAML or JSON: ${source.message}`);
    return reader.result();
  }
  const objects = source.documents.flatMap(objectsOf);
  for (const object of objects.slice(0, manifestObjectsMax)) reader.read(object);
  const refused = objects[manifestObjectsMax];
  if (refused) {
    const message = `the file has more than ${manifestObjectsMax} objects: move the rest to another file`;
    reader.report('error', refused.document.lineOf(refused.path), refused.path, message);
  }
  return reader.result();
}

class ManifestReader {
  readonly #fileName: string;
  readonly #resources: ManifestResource[] = [];
  readonly #problems: ManifestProblem[] = [];
  /** Line of each resource of the file so far, by kind and name. */
  readonly #lines = new Map<string, number>();
  #untold = 0;

  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  report(level: ManifestProblemLevel, line: number, path: string, message: string): void {
    if (this.#problems.length >= problemsMax) this.#untold += 1;
    else this.#problems.push({ level, file: this.#fileName, line, path, message });
  }

  result(): Manifests {
    const problems = [...this.#problems];
    if (this.#untold > 0) {
      const message = `${this.#untold} more problems: correct the first ones to see them`;
      problems.push({ level: 'error', file: this.#fileName, line: 1, path: '', message });
    }
    return { resources: this.#resources, problems };
  }

  read(object: ManifestObject): void {
    const { value } = object;
    if (!isObject(value)) {
      return this.#at(
        'error',
        object,
        '',
        `${quote(value)} is no object: write apiVersion, kind, metadata and spec`,
      );
    }
    if (value['kind'] === 'SpiderIPPool') {
      return this.#take(
        object,
        parsePool(withoutServerFields(value)),
        defaultPool,
        validatePool,
        poolWarnings,
      );
    }
    if (value['kind'] === 'SpiderReservedIP') {
      const outcome = parseReservedIp(withoutServerFields(value));
      return this.#take(object, outcome, defaultReservedIp, validateReservedIp, () => []);
    }
    return this.#foreign(object, value);
  }

  #take<T extends SpiderIPPool | SpiderReservedIP>(
    object: ManifestObject,
    outcome: ParseOutcome<T>,
    fillIn: (parsed: T) => T,
    validate: (filled: T, families: readonly Family[]) => FieldError[],
    warn: (valid: T) => FieldWarning[],
  ): void {
    for (const { path, message } of outcome.warnings) this.#at('warning', object, path, message);
    if (!outcome.ok) return this.#errors(object, outcome.errors);
    const resource = fillIn(outcome.resource);
    const errors = validate(resource, bothFamilies);
    if (errors.length > 0) return this.#errors(object, errors);
    const key = `${resource.kind}/${resource.metadata.name}`;
    const firstLine = this.#lines.get(key);
    if (firstLine !== undefined) {
      const message = `${resource.kind} ${quote(resource.metadata.name)} stands in line ${firstLine} already: write another name`;
      return this.#at('error', object, 'metadata.name', message);
    }
    for (const { path, message } of warn(resource)) this.#at('warning', object, path, message);
    const line = object.document.lineOf(object.path);
    this.#lines.set(key, line);
    this.#resources.push({ resource, file: this.#fileName, line });
  }

  #foreign(object: ManifestObject, value: Readonly<Record<string, unknown>>): void {
    const { kind, apiVersion } = value;
    if (typeof kind !== 'string' || kind === '') {
      return this.#at('error', object, 'kind', `kind is missing: write ${kinds.join(' or ')}`);
    }
    const meant = nearMiss(kind, kinds);
    const ours = typeof apiVersion === 'string' && apiVersion.startsWith(`${apiGroup}/`);
    if (ours && meant !== undefined) {
      return this.#at('error', object, 'kind', `${quote(kind)} is not known: did you mean ${meant}?`);
    }
    return this.#at(
      'note',
      object,
      'kind',
      `kind ${quote(kind)} is ignored: only ${kinds.join(' and ')} are read here`,
    );
  }

  #errors(object: ManifestObject, errors: readonly FieldError[]): void {
    for (const { path, message } of errors) this.#at('error', object, path, message);
  }

  #at(level: ManifestProblemLevel, object: ManifestObject, path: string, message: string): void {
    const full = joinPaths(object.path, path);
    this.report(level, object.document.lineOf(full), full, message);
  }
}

/** The objects of a document: none when it is empty, the items of a list, else the document. */
function objectsOf(document: SourceDocument): ManifestObject[] {
  const { value } = document;
  if (value === null || value === undefined) return [];
  if (isObject(value) && listKinds.some((kind) => kind === value['kind']) && Array.isArray(value['items'])) {
    return value['items'].map((item: unknown, index) => ({
      value: item,
      document,
      path: indexPath('items', index),
    }));
  }
  return [{ value, document, path: '' }];
}

/** What a user can't ask for: an API server drops it from what it is sent, and files are often dumps of a server. */
function withoutServerFields(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { status: _status, ...rest } = value;
  if (!isObject(rest['metadata'])) return rest;
  const { deletionTimestamp: _deletion, ...metadata } = rest['metadata'];
  return { ...rest, metadata };
}

function joinPaths(parent: string, path: string): string {
  if (parent === '' || path === '') return `${parent}${path}`;
  return path.startsWith('[') ? `${parent}${path}` : `${parent}.${path}`;
}
