import { addedErrors } from '../../../src/api/added-errors.ts';
import { isObject } from '../../../src/api/decode.ts';
import type { FieldError, FieldWarning } from '../../../src/api/field-error.ts';
import { jsonPatchBetween } from '../../../src/api/json-patch.ts';
import type { ParseOutcome, ParseResourceOptions } from '../../../src/api/parse-resource.ts';
import type { ObjectMeta } from '../../../src/api/resources.ts';
import { objectKey } from '../../../src/kube/list-objects.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { forbid, refuseFields, type Verdict } from './verdict.ts';

/** Warnings of an answer, and the characters of each: clients show no more (API server: warning headers). */
const warningsMax = 5;
const warningLengthMax = 120;

/** The rules of one kind. Resources are parsed; for the checks they are defaulted too. */
export interface KindRules<T extends { readonly metadata: ObjectMeta }> {
  readonly kind: string;
  readonly plural: string;
  /** Fields of `status` that the rules look at; others may be anything. */
  readonly statusFields: readonly string[];
  parse(value: unknown, options?: ParseResourceOptions): ParseOutcome<T>;
  /** What is stored of an object that is written. */
  fillIn(resource: T, isNew: boolean): T;
  /** What is compared and checked. */
  fillInSpec(resource: T): T;
  /** @throws NotNowError */
  validateCreate(resource: T, signal: AbortSignal): Promise<readonly FieldError[]>;
  /** @throws NotNowError */
  validateUpdate(old: T, updated: T, signal: AbortSignal): Promise<readonly FieldError[]>;
  /** Why an object may not be deleted, in a sentence; undefined when it may. */
  refuseDeletion(resource: T, signal: AbortSignal): Promise<string | undefined>;
  warnings(resource: T): readonly FieldWarning[];
}

/** Answers a mutating webhook. Whatever can't be read stays as it is: validation says what is wrong with it. */
export function mutate<T extends { readonly metadata: ObjectMeta }>(
  rules: KindRules<T>,
  request: AdmissionRequest,
): Verdict {
  const { operation, subResource, object } = request;
  const isNew = operation === 'CREATE';
  if (subResource !== '' || !(isNew || operation === 'UPDATE')) return { allowed: true };
  const outcome = rules.parse(relevantPart(object, rules.statusFields), { allowGeneratedName: true });
  if (!outcome.ok || outcome.resource.metadata.deletionTimestamp !== undefined) return { allowed: true };
  const { resource } = outcome;
  return { allowed: true, patch: jsonPatchBetween(resource, rules.fillIn(resource, isNew)) };
}

/**
 * Answers a validating webhook.
 *
 * @throws NotNowError
 */
export async function validate<T extends { readonly metadata: ObjectMeta }>(
  rules: KindRules<T>,
  request: AdmissionRequest,
  signal: AbortSignal,
): Promise<Verdict> {
  const { operation, subResource } = request;
  if (subResource !== '') return { allowed: true };
  if (operation === 'CREATE') return validateObject(rules, request, undefined, signal);
  const old = rules.parse(relevantPart(request.oldObject, rules.statusFields));
  if (operation === 'UPDATE') return validateObject(rules, request, old, signal);
  if (operation !== 'DELETE' || !old.ok) return { allowed: true };
  const refusal = await rules.refuseDeletion(rules.fillInSpec(old.resource), signal);
  return refusal === undefined ? { allowed: true } : forbid(refusal);
}

/** @param old undefined for a new object */
async function validateObject<T extends { readonly metadata: ObjectMeta }>(
  rules: KindRules<T>,
  { object }: AdmissionRequest,
  old: ParseOutcome<T> | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  const { kind, plural } = rules;
  const subject = { kind, plural, name: objectKey(object) };
  const parsed = rules.parse(relevantPart(object, rules.statusFields));
  if (!parsed.ok) {
    // What the API server stores has the shape of the schema. Should it not, then nothing must get worse.
    const errors = old === undefined || old.ok ? parsed.errors : addedErrors(old.errors, parsed.errors);
    return errors.length === 0 ? { allowed: true } : refuseFields(subject, errors);
  }
  const resource = rules.fillInSpec(parsed.resource);
  const before = old?.ok ? rules.fillInSpec(old.resource) : resource;
  const errors =
    old === undefined
      ? await rules.validateCreate(resource, signal)
      : await rules.validateUpdate(before, resource, signal);
  if (errors.length > 0) return refuseFields(subject, errors);
  const known = old?.ok ? [...old.warnings, ...rules.warnings(before)] : [];
  const warnings = newWarnings(known, [...parsed.warnings, ...rules.warnings(resource)]);
  return { allowed: true, warnings };
}

/** Whoever changes something else is not told again of what stood there before. */
function newWarnings(before: readonly FieldWarning[], now: readonly FieldWarning[]): string[] {
  const known = new Set(before.map(warningText));
  return now
    .map(warningText)
    .filter((text) => !known.has(text))
    .slice(0, warningsMax);
}

function warningText({ path, message }: FieldWarning): string {
  const text = `${path}: ${message}`;
  return text.length > warningLengthMax ? `${text.slice(0, warningLengthMax - 1)}…` : text;
}

/** An object with only those fields of its status that matter: the rest is the controllers' and may have hundreds of kilobytes. */
function relevantPart(object: unknown, statusFields: readonly string[]): unknown {
  if (!isObject(object)) return object;
  const { status, ...rest } = object;
  if (!isObject(status)) return rest;
  const kept = statusFields.flatMap((field) =>
    status[field] === undefined ? [] : [[field, status[field]] as const],
  );
  return kept.length === 0 ? rest : { ...rest, status: Object.fromEntries(kept) };
}
