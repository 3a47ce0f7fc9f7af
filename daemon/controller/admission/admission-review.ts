import * as z from 'zod';
import { HttpError } from '../../process/http/http-error.ts';
import type { Verdict } from './verdict.ts';

/** The only version that this project's webhooks are registered for. */
const reviewVersion = 'admission.k8s.io/v1';

/** What the API server asks about (AdmissionRequest of admission.k8s.io/v1), as far as it is used here. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** Empty for the object itself. */
  readonly subResource: string;
  /** Not checked; null or undefined on DELETE. */
  readonly object: unknown;
  /** Not checked; as it is stored, on UPDATE and DELETE. */
  readonly oldObject: unknown;
}

const reviewShape = z.object({
  apiVersion: z.literal(reviewVersion),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1).max(128),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    subResource: z.string().optional(),
    object: z.unknown().optional(),
    oldObject: z.unknown().optional(),
  }),
});

/**
 * Reads an AdmissionReview with a request.
 *
 * @throws HttpError 400 when it is none
 */
export function parseReview(value: unknown): AdmissionRequest {
  const { data, error } = reviewShape.safeParse(value);
  if (data === undefined) {
    const [issue] = error.issues;
    const where = issue?.path.join('.');
    throw new HttpError(400, `not a request as ${reviewVersion} has it: ${where}: ${issue?.message}`);
  }
  const { uid, operation, subResource = '', object, oldObject } = data.request;
  return { uid, operation, subResource, object, oldObject };
}

/** The AdmissionReview that answers the request of this uid. */
export function composeReview(uid: string, verdict: Verdict): object {
  return { apiVersion: reviewVersion, kind: 'AdmissionReview', response: responseOf(uid, verdict) };
}

function responseOf(uid: string, verdict: Verdict): object {
  const { warnings = [] } = verdict;
  const told = warnings.length > 0 && { warnings };
  if (!verdict.allowed) return { uid, allowed: false, status: verdict.status, ...told };
  const { patch = [] } = verdict;
  if (patch.length === 0) return { uid, allowed: true, ...told };
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
  return { uid, allowed: true, patchType: 'JSONPatch', patch: encoded, ...told };
}
