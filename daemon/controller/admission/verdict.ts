import type { FieldError, FieldErrorType } from '../../../src/api/field-error.ts';
import type { JsonPatchOperation } from '../../../src/api/json-patch.ts';
import { apiGroup } from '../../../src/api/names.ts';
import { quote } from '../../../src/api/quote.ts';

/** Errors of an answer; who made more starts with these. */
const causesMax = 20;
/** A second: whatever is not there yet comes soon. */
const retryAfterSeconds = 1;

/** What is answered to the API server. */
export type Verdict = Permission | Refusal;

interface Permission {
  readonly allowed: true;
  readonly patch?: readonly JsonPatchOperation[];
  readonly warnings?: readonly string[];
}

interface Refusal {
  readonly allowed: false;
  /** A Status object of Kubernetes (meta/v1), which the API server hands on with its code. */
  readonly status: RefusalStatus;
  readonly warnings?: readonly string[];
}

interface RefusalStatus {
  readonly status: 'Failure';
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: object;
}

/** What an answer is about. */
export interface Subject {
  readonly kind: string;
  readonly plural: string;
  readonly name: string;
}

/** Reasons of causes in the words of Kubernetes (metav1.CauseType). */
const causeTypes: Readonly<Record<FieldErrorType, string>> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  Forbidden: 'FieldValueForbidden',
  NotSupported: 'FieldValueNotSupported',
  Duplicate: 'FieldValueDuplicate',
  TypeInvalid: 'FieldValueTypeInvalid',
};

/** Refuses what breaks rules: 409 AlreadyExists when the name is taken, else 422 Invalid with a cause for each error. */
export function refuseFields({ kind, plural, name }: Subject, errors: readonly FieldError[]): Refusal {
  const taken = errors.find(({ type, path }) => type === 'Duplicate' && path === 'metadata.name');
  if (taken !== undefined) {
    return refuse(409, 'AlreadyExists', taken.message, { name, group: apiGroup, kind: plural });
  }
  const told = errors.slice(0, causesMax);
  const texts = told.map(({ path, message }) => `${path}: ${message}`);
  if (errors.length > causesMax) texts.push(`${errors.length - causesMax} more errors`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const causes = told.map(({ type, path, message }) => ({
    reason: causeTypes[type],
    message,
    field: path,
  }));
  return refuse(422, 'Invalid', `${kind} ${quote(name)} is invalid: ${list}`, {
    name,
    group: apiGroup,
    kind,
    causes,
  });
}

/** Refuses what is not allowed now. */
export function forbid(message: string): Refusal {
  return refuse(403, 'Forbidden', message);
}

/** Refuses for now: what decides can't be read at the moment. */
export function tryAgain(message: string): Refusal {
  return refuse(503, 'ServiceUnavailable', message, { retryAfterSeconds });
}

/** Refuses because of a defect here. */
export function internalError(): Refusal {
  return refuse(500, 'InternalError', 'internal error of spiderpool-controller: its log has the details');
}

function refuse(code: number, reason: string, message: string, details?: object): Refusal {
  return {
    allowed: false,
    status: { status: 'Failure', code, reason, message, ...(details && { details }) },
  };
}
