import type { FieldError, FieldWarning } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { indexPath, keyPath } from './field-path.ts';
import { nearMiss } from './near-miss.ts';
import { quote } from './quote.ts';

/** What decoders find on their way. */
export interface DecodeReport {
  readonly errors: FieldError[];
  readonly warnings: FieldWarning[];
}

/** Turns an unknown value into a T, or reports why not and returns undefined. */
export type Decoder<T> = (value: unknown, path: string, report: DecodeReport) => T | undefined;

/** How one field of an object is read. */
export interface Field<T> {
  readonly decode: Decoder<T>;
  /** What to write when the field is missing; undefined when it may be. */
  readonly requiredHint: string | undefined;
}

/** A field that may be missing; null is missing, as for the API server. */
export function optional<T>(decode: Decoder<T>): Field<T> {
  return { decode, requiredHint: undefined };
}

/** A field that must be there. */
export function required<T>(decode: Decoder<T>, hint: string): Field<T> {
  return { decode, requiredHint: hint };
}

/** A decoder for what JSON types alone decide. */
export function scalar<T>(accepts: (value: unknown) => value is T, hint: string): Decoder<T> {
  return (value, path, report) => {
    if (accepts(value)) return value;
    report.errors.push(wrongType(value, path, hint));
    return undefined;
  };
}

/** A text; what YAML took for a number or a boolean is told to be put in quotes. */
export const text: Decoder<string> = (value, path, report) => {
  if (typeof value === 'string') return value;
  // The value itself would mislead: YAML has turned 1.10 into 1.1 and y into true.
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  report.errors.push(wrongType(value, path, isPlain ? 'put it in quotes' : 'write a text'));
  return undefined;
};

/** A boolean. */
export const flag = scalar(
  (value): value is boolean => typeof value === 'boolean',
  'write true or false, without quotes',
);

/** A list of what `decode` reads. */
export function listOf<T>(decode: Decoder<T>, hint: string): Decoder<readonly T[]> {
  return (value, path, report) => {
    if (!Array.isArray(value)) {
      report.errors.push(wrongType(value, path, hint));
      return undefined;
    }
    const items = value.map((item, index) => decode(item, indexPath(path, index), report));
    return items.filter((item) => item !== undefined);
  };
}

/** An object with any keys, each value a text. */
export const textMap: Decoder<Readonly<Record<string, string>>> = (value, path, report) => {
  if (!isObject(value)) {
    report.errors.push(wrongType(value, path, 'write keys with a text each, such as "app: web"'));
    return undefined;
  }
  const entries = Object.entries(value).map(([key, item]) => [key, text(item, keyPath(path, key), report)]);
  return Object.fromEntries(entries);
};

/**
 * An object with the given fields. Other fields are left out, as the API server prunes them, with a warning that names
 * the field probably meant; those in `ignored` are left out in silence.
 */
export function objectOf<T extends object>(
  fields: { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> },
  options: { readonly ignored?: readonly string[] } = {},
): Decoder<T> {
  const known = new Map<string, Field<unknown>>(Object.entries(fields));
  const ignored = new Set(options.ignored);
  return (value, path, report) => {
    if (!isObject(value)) {
      report.errors.push(wrongType(value, path, `write an object with ${[...known.keys()].join(', ')}`));
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (!known.has(key) && !ignored.has(key)) report.warnings.push(unknownField(key, path, known.keys()));
    }
    const decoded: Record<string, unknown> = {};
    for (const [key, field] of known) {
      const item = readField(value, key, field, path, report);
      if (item !== undefined) decoded[key] = item;
    }
    // Every field was read by the decoder of its type; whether one is missing stands in the report.
    return decoded as T;
  };
}

/** Whether a value is an object with keys: neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readField(
  object: Readonly<Record<string, unknown>>,
  key: string,
  field: Field<unknown>,
  path: string,
  report: DecodeReport,
): unknown {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  const at = keyPath(path, key);
  if (value !== undefined && value !== null) return field.decode(value, at, report);
  if (field.requiredHint !== undefined) {
    report.errors.push(fieldError('Required', at, `${key} is missing: ${field.requiredHint}`));
  }
  return undefined;
}

function unknownField(key: string, path: string, known: Iterable<string>): FieldWarning {
  const meant = nearMiss(key, known);
  const hint = meant === undefined ? 'remove it' : `did you mean ${meant}?`;
  return { path: keyPath(path, key), message: `unknown field ${quote(key)}: it is ignored; ${hint}` };
}

function wrongType(value: unknown, path: string, hint: string): FieldError {
  return fieldError('TypeInvalid', path, `${quote(value)} is ${typeName(value)}: ${hint}`);
}

const typeNames: Readonly<Partial<Record<string, string>>> = {
  string: 'a text',
  number: 'a number',
  bigint: 'a number',
  boolean: 'a boolean',
};

function typeName(value: unknown): string {
  if (value === null) return 'empty';
  return typeNames[typeof value] ?? 'not allowed here';
}
