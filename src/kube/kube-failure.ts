import type { AnswerHead } from './exchange.ts';
import { KubeError, type RequestFate } from './kube-api.ts';

/** An API server asks for a second, mostly; longer waits are for the caller to decide on. */
const retryAfterMsMax = 60_000;

/** A message that names every field of a refused object can be long. */
const messageLengthMax = 1_000;

/** A request as messages name it: its query may be long. */
export interface RequestName {
  readonly method: string;
  readonly path: string;
}

/** The KubeError of an answer that is not 2xx. */
export function answerFailure({ method, path }: RequestName, head: AnswerHead, body: Buffer): KubeError {
  const { reason, message } = readStatusObject(body);
  const retryAfterMs = readRetryAfterMs(head.headers['retry-after']);
  const text = [reason, message].filter((part) => part !== '').join(': ');
  return new KubeError(`${method} ${path}: ${head.status}${text === '' ? '' : ` ${text}`}`, {
    status: head.status,
    reason,
    fate: fateOf(head.status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The KubeError of a request that broke off. */
export function brokenFailure({ method, path }: RequestName, cause: unknown, isSent: boolean): KubeError {
  return new KubeError(
    `${method} ${path}: ${causeText(cause)}`,
    { status: 0, fate: isSent ? 'unknown' : 'not-sent' },
    { cause },
  );
}

function fateOf(status: number): RequestFate {
  return status >= 400 && status < 500 ? 'refused' : 'unknown';
}

function causeText(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return causeText(cause.errors[0]);
  return cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
}

/** Seconds, the only form that API servers use (RFC 9110, 10.2.3 knows dates too). */
function readRetryAfterMs(header: string | readonly string[] | undefined): number | undefined {
  if (typeof header !== 'string' || !/^\d{1,6}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1_000, retryAfterMsMax);
}

/** Reason and message of a Status object (Kubernetes API conventions, "Response Status Kind"); empty where it is none. */
function readStatusObject(body: Buffer): { readonly reason: string; readonly message: string } {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return { reason: '', message: '' };
  }
  return statusText(value);
}

/** Reason and message of what may be a Status object. */
export function statusText(value: unknown): { readonly reason: string; readonly message: string } {
  if (typeof value !== 'object' || value === null) return { reason: '', message: '' };
  const { kind, reason, message } = value as Readonly<Record<'kind' | 'reason' | 'message', unknown>>;
  const isStatus = kind === 'Status';
  return {
    reason: isStatus && typeof reason === 'string' ? reason : '',
    message: isStatus && typeof message === 'string' ? message.slice(0, messageLengthMax) : '',
  };
}
