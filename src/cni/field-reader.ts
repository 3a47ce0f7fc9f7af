import { CniCode, CniError } from './error.ts';
import { quoteText, sanitizeText } from './sanitize-text.ts';
import { storedTextProblem } from './stored-text.ts';

/** A JSON object that nobody has checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for a JSON object: not null, not an array, not a primitive. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Makes the error for a document of which something is wrong: `problem` names the place and what to write there. */
export type Refusal = (problem: string, details?: string) => CniError;

/** As much of an array or object as a message shows. */
const shownLengthMax = 60;

function describe(value: unknown): string {
  if (typeof value === 'string') return `the string ${quoteText(value)}`;
  const text = JSON.stringify(value) ?? typeof value;
  const shown = text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text;
  if (Array.isArray(value)) return `an array, ${shown}`;
  return typeof value === 'object' && value !== null ? `an object, ${shown}` : shown;
}

/** Code 7, for what a runtime gives on stdin. */
const refuseNetworkConfig: Refusal = (problem, details) =>
  new CniError(
    CniCode.invalidConfig,
    sanitizeText(`invalid network config: ${problem}`),
    details === undefined ? {} : { details },
  );

/**
 * Reads typed fields of a JSON object as Go's encoding/json would: keys in any case (the exact spelling wins), null
 * like missing, unknown keys ignored. Everything that has the wrong type throws what `refuse` makes of the key's path and
 * what to write.
 */
export class FieldReader {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #refuse: Refusal;

  /**
   * @param path the object's own path, such as `ipam`; empty for the whole document
   * @param refuse @default a CniError with code 7 for a network configuration
   */
  constructor(object: JsonObject, path: string, refuse: Refusal = refuseNetworkConfig) {
    this.#object = object;
    this.#path = path;
    this.#refuse = refuse;
  }

  /** A reader of the object under `key`, or undefined when it is missing. */
  object(key: string): FieldReader | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (!isJsonObject(value)) throw this.#wrong(key, 'must be an object, {…}', value);
    return new FieldReader(value, this.pathOf(key), this.#refuse);
  }

  /** The text under `key`; undefined when it is missing. */
  string(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrong(key, 'must be a string, "…"', value);
  }

  /** The truth under `key`; undefined when it is missing. */
  boolean(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#wrong(key, 'must be true or false, without quotes', value);
  }

  /** The whole number under `key`; undefined when it is missing. */
  integer(key: string): number | undefined {
    const value = this.raw(key);
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    throw this.#wrong(key, 'must be a whole number, such as 10, without quotes', value);
  }

  /** The texts under `key`, none when it is missing; each may be stored (see storedTextProblem). */
  strings(key: string, limits: { readonly countMax: number; readonly lengthMax: number }): readonly string[] {
    return this.list(key, limits.countMax).map((value, index) => {
      const entry = `${key}[${index}]`;
      if (typeof value !== 'string') throw this.#wrong(entry, 'must be a string, "…"', value);
      const problem = value === '' ? 'must not be empty' : storedTextProblem(value, limits.lengthMax);
      if (problem !== undefined) throw this.invalid(entry, `${problem}: ${quoteText(value)}`);
      return value;
    });
  }

  /** Readers of the objects in the array under `key`, none when it is missing. */
  objects(key: string, countMax: number): readonly FieldReader[] {
    return this.list(key, countMax).map((value, index) => {
      const entry = `${key}[${index}]`;
      if (!isJsonObject(value)) throw this.#wrong(entry, 'must be an object, {…}', value);
      return new FieldReader(value, this.pathOf(entry), this.#refuse);
    });
  }

  /** The array under `key`, empty when it is missing. */
  list(key: string, countMax: number): readonly unknown[] {
    const value = this.raw(key) ?? [];
    if (!Array.isArray(value)) throw this.#wrong(key, 'must be an array, […]', value);
    if (value.length > countMax) throw this.invalid(key, `must not have more than ${countMax} entries`);
    return value;
  }

  /** Whatever stands under `key`, unchecked; undefined when it is missing or null. */
  raw(key: string): unknown {
    if (Object.hasOwn(this.#object, key)) return this.#object[key] ?? undefined;
    const folded = key.toLowerCase();
    const spelled = Object.keys(this.#object).findLast((name) => name.toLowerCase() === folded);
    return spelled === undefined ? undefined : (this.#object[spelled] ?? undefined);
  }

  /** The path of a key of this object, as messages name it. */
  pathOf(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  /** The error to throw for a value that has the right type but breaks a rule. */
  invalid(key: string, problem: string, details?: string): CniError {
    const path = this.pathOf(key);
    return this.#refuse(path === '' ? problem : `${path} ${problem}`, details);
  }

  #wrong(key: string, rule: string, value: unknown): CniError {
    return this.invalid(key, `${rule}, but is ${describe(value)}`);
  }
}
